import type { Line } from '../document/line.ts';
import type { monaco } from './monaco.ts';

/** A syllable that nobody goes on with must not hold up the others for ever. */
const idleMs = 3000;

/**
 * Holds what others write while an input method composes, as it does for every syllable of Hangul: the input method and
 * Monaco agree on where the composition stands by counting characters, so an edit that moves it makes them overwrite other
 * text. Returns a function that stops.
 */
export function holdWhileComposing(editor: monaco.editor.IStandaloneCodeEditor, line: Line): () => void {
  let composing = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function end(): void {
    composing = false;
    clearTimeout(timer);
    line.holdOthers(false);
  }
  /** Losing the focus makes the input method commit what it has. */
  function commit(): void {
    const focused = document.activeElement;
    if (!(focused instanceof HTMLElement)) return;
    focused.blur();
    editor.focus();
  }
  function wait(): void {
    clearTimeout(timer);
    timer = setTimeout(commit, idleMs);
  }
  const listeners = [
    editor.onDidCompositionStart(() => {
      composing = true;
      line.holdOthers(true);
      wait();
    }),
    editor.onDidChangeModelContent(() => composing && wait()),
    editor.onDidCompositionEnd(end),
  ];
  return () => {
    for (const listener of listeners) listener.dispose();
    end();
  };
}
