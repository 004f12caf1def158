import type { Line } from '../document/line.ts';
import { compareTexts, takeTexts, type RecoveryCopy, type TextFile } from '../document/recovery.ts';

export interface LostTexts {
  /** The text was on the screen; offers what of it is missing in the document, once that is loaded by its new line. */
  compareWhenLoaded(line: Line, texts: TextFile[]): void;
  /** The same for a document that is not opened again: compares with what the server has. */
  compareWithServer(document: string, texts: TextFile[]): void;
  /** The line goes before its document was loaded. */
  closed(line: Line): void;
}

/** Finds text that was typed here and did not get into its document. */
export function findLostTexts(deps: {
  read: (document: string) => Promise<TextFile[]>;
  offer: (copy: RecoveryCopy) => void;
}): LostTexts {
  const waiting = new Map<Line, TextFile[]>();

  function offerMissing(document: string, texts: TextFile[], now: TextFile[]): void {
    const copy = compareTexts(document, texts, now);
    if (copy !== undefined) deps.offer(copy);
  }
  function compareWithServer(document: string, texts: TextFile[]): void {
    if (texts.length === 0) return;
    // What cannot be read may be gone: better a copy too many.
    deps
      .read(document)
      .catch(() => [])
      .then((now) => offerMissing(document, texts, now))
      .catch(() => {});
  }

  return {
    compareWithServer,
    compareWhenLoaded(line, texts) {
      if (texts.length === 0) return;
      waiting.set(line, texts);
      const unsubscribe = line.state.subscribe(() => {
        if (!line.state.get().loaded) return;
        unsubscribe();
        if (waiting.delete(line)) offerMissing(line.name, texts, takeTexts(line));
      });
    },
    closed(line) {
      compareWithServer(line.name, waiting.get(line) ?? []);
      waiting.delete(line);
    },
  };
}
