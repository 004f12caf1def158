import { useEffect, useState } from 'preact/hooks';
import { usePage } from '../page.ts';
import { CheckIcon, CopyIcon } from './icons.tsx';

/** Copies a text and says so. Outside https and localhost browsers give no clipboard; then it selects through a field. */
export function CopyButton({ text, label, class: className }: { text: string; label: string; class?: string }) {
  const { strings } = usePage();
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return undefined;
    const timer = setTimeout(() => setCopied(false), 2000);
    return () => clearTimeout(timer);
  }, [copied]);
  return (
    <button
      type="button"
      class={className ?? 'quiet'}
      onClick={() => void copyText(text).then(setCopied)}
      aria-live="polite"
    >
      {copied ? <CheckIcon /> : <CopyIcon />} {copied ? strings.copied : label}
    </button>
  );
}

async function copyText(text: string): Promise<boolean> {
  if (navigator.clipboard !== undefined) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      // Not allowed: the older way below may still be.
    }
  }
  const field = document.createElement('textarea');
  field.value = text;
  const parent = document.querySelector('dialog[open]') ?? document.body;
  parent.append(field);
  field.select();
  const done = document.execCommand('copy');
  field.remove();
  return done;
}
