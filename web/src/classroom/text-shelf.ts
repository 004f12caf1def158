import { z } from 'zod';
import { recoveryCopySchema, takenTextsSchema, type RecoveryCopy, type TakenTexts } from '../document/recovery.ts';

/**
 * Text that may be nowhere else. `copy` is what of it is missing in its document, for its writer to decide on; without
 * it nobody has looked yet.
 */
const keptSchema = z.object({ id: z.string(), taken: takenTextsSchema, copy: recoveryCopySchema.optional() });
export type KeptText = z.infer<typeof keptSchema>;

/** Where such text lies until its writer has decided. It outlives a reload of the tab. */
export interface TextShelf {
  all(): KeptText[];
  /** Keeps the text in place of what was kept of the same window's document before. */
  keep(taken: TakenTexts): KeptText;
  /** What is missing of a kept text; nothing: it may go. */
  judge(id: string, copy: RecoveryCopy | undefined): void;
  /** Whether everything lies where a reload finds it. */
  isSafe(): boolean;
}

/** `storage` is the tab's own: another tab of the same person must not offer the same text once more. */
export function openTextShelf(storage: Storage, key: string): TextShelf {
  let kept = read();
  let safe = true;

  function read(): KeptText[] {
    try {
      return z.array(keptSchema).parse(JSON.parse(storage.getItem(key) ?? '[]'));
    } catch {
      return [];
    }
  }
  function write(next: KeptText[]): void {
    kept = next;
    try {
      if (kept.length === 0) storage.removeItem(key);
      else storage.setItem(key, JSON.stringify(kept));
      safe = true;
    } catch {
      // Larger than the browser allows: it stays in memory, and the browser asks before the tab goes.
      safe = kept.length === 0;
    }
  }

  return {
    all: () => kept,
    keep(taken) {
      const entry: KeptText = { id: `${taken.document} ${taken.clientId}`, taken };
      const before = kept.find(({ id }) => id === entry.id);
      if (JSON.stringify(before) === JSON.stringify(entry)) return before!;
      write([...kept.filter(({ id }) => id !== entry.id), entry]);
      return entry;
    },
    judge(id, copy) {
      if (!kept.some((entry) => entry.id === id)) return;
      write(
        copy === undefined
          ? kept.filter((entry) => entry.id !== id)
          : kept.map((entry) => (entry.id === id ? { ...entry, copy } : entry)),
      );
    },
    isSafe: () => safe,
  };
}
