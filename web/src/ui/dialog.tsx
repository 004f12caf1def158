import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { usePage } from '../page.ts';
import { CrossIcon } from './icons.tsx';

/** A modal window. Without `onClose` it cannot be dismissed. */
export function Dialog(props: { title: string; class?: string; onClose?: () => void; children: ComponentChildren }) {
  const { strings } = usePage();
  const element = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const dialog = element.current!;
    // Browsers let a second Escape close any dialog, without asking.
    const onClosed = () => (props.onClose === undefined ? dialog.showModal() : props.onClose());
    dialog.showModal();
    dialog.addEventListener('close', onClosed);
    return () => {
      dialog.removeEventListener('close', onClosed);
      dialog.close();
    };
  }, []);
  return (
    <dialog
      ref={element}
      class={`dialog ${props.class ?? ''}`}
      aria-label={props.title}
      onCancel={(event) => {
        event.preventDefault();
        props.onClose?.();
      }}
    >
      <header>
        <h2>{props.title}</h2>
        {props.onClose !== undefined && (
          <button type="button" class="icon-button" aria-label={strings.close} onClick={props.onClose}>
            <CrossIcon />
          </button>
        )}
      </header>
      {props.children}
    </dialog>
  );
}
