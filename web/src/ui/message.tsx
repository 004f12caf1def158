import type { ComponentChildren } from 'preact';
import { Logo } from './icons.tsx';

/** A screen that only says something. */
export function Message({ title, text, children }: { title?: string; text: string; children?: ComponentChildren }) {
  return (
    <main class="message">
      <Logo />
      {title !== undefined && <h1>{title}</h1>}
      <p role="status">{text}</p>
      {children !== undefined && <div class="actions">{children}</div>}
    </main>
  );
}
