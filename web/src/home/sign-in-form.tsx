import { useState } from 'preact/hooks';
import { usePage } from '../page.ts';
import { Field, Form } from '../ui/form.tsx';

/** Sign in or create an account, in one place. `fixedEmail` fixes the person, as when a session has ended. */
export function SignInForm({ fixedEmail }: { fixedEmail?: string }) {
  const { client, strings } = usePage();
  const [creating, setCreating] = useState(false);
  const texts = strings.signIn;
  return (
    <>
      <Form
        key={String(creating)}
        label={creating ? texts.createTitle : texts.title}
        submit={creating ? texts.submitCreate : texts.submit}
        send={async ({ email = '', password = '', name = '' }) => {
          await (creating ? client.register({ email, password, name }) : client.signIn({ email, password }));
        }}
      >
        {creating && (
          <Field label={texts.name} hint={texts.nameHint} name="name" autocomplete="name" required maxlength={80} />
        )}
        <Field
          label={texts.email}
          name="email"
          type="email"
          autocomplete="username"
          required
          maxlength={254}
          defaultValue={fixedEmail}
          readonly={fixedEmail !== undefined}
        />
        <Field
          label={texts.password}
          name="password"
          type="password"
          required
          maxlength={200}
          {...(creating
            ? { autocomplete: 'new-password', minlength: 8, hint: texts.passwordHint }
            : { autocomplete: 'current-password' })}
        />
      </Form>
      {fixedEmail === undefined && (
        <button type="button" class="link" onClick={() => setCreating(!creating)}>
          {creating ? texts.toSignIn : texts.toCreate}
        </button>
      )}
    </>
  );
}
