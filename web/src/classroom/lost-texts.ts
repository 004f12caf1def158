import type { Line } from '../document/line.ts';
import {
  clockOf,
  compareTexts,
  hasArrived,
  takeTexts,
  type RecoveredFile,
  type RecoveryCopy,
  type TakenTexts,
} from '../document/recovery.ts';
import type { KeptText, TextShelf } from './text-shelf.ts';

/** One document's text that waits for its writer's decision. */
export type Offer = RecoveryCopy & { id: string };

export interface LostTexts {
  /** Keeps what is not saved yet, so that a reload or a crash of the tab does not take it along. */
  keepUnsaved(lines: Line[]): void;
  /** The text was on the screen; offers what of it is missing in the document, once that is loaded by its new line. */
  compareWhenLoaded(line: Line, texts: TakenTexts): void;
  /** The same for a document that is not opened again: compares with what the server has. */
  compareWithServer(texts: TakenTexts): void;
  /** The line goes before its document was loaded. */
  closed(line: Line): void;
  /** Looks what became of the text that an earlier visit left behind. */
  compareEarlier(shown: Line | undefined): void;
  /** The writer has decided on a file. */
  decide(offer: Offer, file: RecoveredFile): void;
  offers(): Offer[];
  /** Something waits that the browser could not store. */
  onlyInMemory(): boolean;
}

const settleMs = 700;

/** Finds text that was typed here and did not get into its document, and keeps it until its writer has decided. */
export function findLostTexts(deps: {
  shelf: TextShelf;
  read: (document: string) => Promise<{ id: string; text: string }[]>;
  changed: () => void;
}): LostTexts {
  const { shelf } = deps;
  const waiting = new Map<Line, KeptText>();
  /** Kept before anything was lost; the clock tells whether the line has more by now. */
  const drafts = new Map<Line, { id: string; clock: number }>();
  const earlier = shelf.all().filter(({ copy }) => copy === undefined);

  function judge({ id }: KeptText, copy: RecoveryCopy | undefined): void {
    shelf.judge(id, copy);
    deps.changed();
  }
  function askServer(kept: KeptText): void {
    const { document, files } = kept.taken;
    deps
      .read(document)
      // What cannot be read may be gone: better a copy too many.
      .catch(() => [])
      .then((now) => judge(kept, compareTexts(document, files, now)))
      .catch(() => {});
  }
  function askLine(line: Line, kept: KeptText): void {
    waiting.set(line, kept);
    const look = () => {
      // Every document has a file; without one it is not all here.
      if (!line.state.get().loaded || line.state.get().files.length === 0) return;
      unsubscribe();
      // What was written last may come in a frame of its own, behind the one that ends the loading.
      setTimeout(compare, settleMs);
    };
    const compare = () => {
      if (!waiting.delete(line)) return;
      const now = line.state.get().files.map(({ id }) => ({ id, text: line.doc.getText(`f:${id}`).toString() }));
      judge(kept, hasArrived(kept.taken, line.doc) ? undefined : compareTexts(line.name, kept.taken.files, now));
    };
    const unsubscribe = line.state.subscribe(look);
    look();
  }

  return {
    keepUnsaved(lines) {
      const unsaved = lines.filter((line) => line.state.get().saved !== 'saved');
      for (const [line, { id }] of drafts) {
        if (unsaved.includes(line)) continue;
        drafts.delete(line);
        shelf.judge(id, undefined);
      }
      for (const line of unsaved) {
        const clock = clockOf(line.doc);
        if (drafts.get(line)?.clock === clock) continue;
        const texts = takeTexts(line);
        if (texts.files.length > 0) drafts.set(line, { id: shelf.keep(texts).id, clock });
      }
    },
    compareWhenLoaded(line, texts) {
      if (texts.files.length > 0) askLine(line, keep(texts));
    },
    compareWithServer(texts) {
      if (texts.files.length > 0) askServer(keep(texts));
    },
    closed(line) {
      const kept = waiting.get(line);
      waiting.delete(line);
      if (kept !== undefined) askServer(kept);
    },
    compareEarlier(shown) {
      for (const kept of earlier.splice(0)) {
        if (shown?.name === kept.taken.document && !waiting.has(shown)) askLine(shown, kept);
        else askServer(kept);
      }
    },
    decide(offer, file) {
      const files = offer.files.filter((other) => other !== file);
      shelf.judge(offer.id, files.length === 0 ? undefined : { document: offer.document, files });
      deps.changed();
    },
    offers: () => shelf.all().flatMap(({ id, copy }) => (copy === undefined ? [] : [{ id, ...copy }])),
    onlyInMemory: () => !shelf.isSafe(),
  };

  /** No draft any more: it is judged now, not dropped when its line has gone. */
  function keep(texts: TakenTexts): KeptText {
    const kept = shelf.keep(texts);
    for (const [line, { id }] of drafts) if (id === kept.id) drafts.delete(line);
    return kept;
  }
}
