import type { ComponentChildren } from 'preact';
import { useId, useState } from 'preact/hooks';
import { usePage } from '../page.ts';
import { explain } from '../strings/index.ts';

/** A form that sends once at a time and says in words what went wrong. `send` gets the fields by name. */
export function Form(props: {
  class?: string;
  label?: string;
  children: ComponentChildren;
  submit: string;
  danger?: boolean;
  send: (fields: Record<string, string>) => Promise<void>;
}) {
  const { strings } = usePage();
  const [sending, setSending] = useState(false);
  const [problem, setProblem] = useState('');

  async function onSubmit(event: SubmitEvent & { currentTarget: HTMLFormElement }): Promise<void> {
    event.preventDefault();
    if (sending) return;
    const fields: Record<string, string> = {};
    for (const [name, value] of new FormData(event.currentTarget)) if (typeof value === 'string') fields[name] = value;
    setSending(true);
    setProblem('');
    try {
      await props.send(fields);
    } catch (error) {
      setProblem(explain(strings, error));
    }
    setSending(false);
  }

  return (
    <form class={`form ${props.class ?? ''}`} aria-label={props.label} onSubmit={(event) => void onSubmit(event)}>
      {props.children}
      <p class="problem" role="alert" hidden={problem === ''}>
        {problem}
      </p>
      <button type="submit" class={props.danger === true ? 'primary danger' : 'primary'} aria-disabled={sending}>
        {props.submit}
      </button>
    </form>
  );
}

type FieldProps = { label: string; name: string; hint?: string } & Record<string, unknown>;

/** A labelled input; everything but label and hint goes to the `input` element. */
export function Field({ label, hint, ...input }: FieldProps) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input id={id} aria-describedby={hint === undefined ? undefined : `${id}-hint`} {...input} />
      {hint !== undefined && <small id={`${id}-hint`}>{hint}</small>}
    </div>
  );
}
