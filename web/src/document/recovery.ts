import * as Y from 'yjs';
import { z } from 'zod';
import type { Line } from './line.ts';
import { changesThatPutBack, missingText } from './put-back.ts';

/** The Yjs transaction origin of text that was put back. */
export const recoveryOrigin = 'recovery';

const textFileSchema = z.object({ id: z.string(), path: z.string(), language: z.string(), text: z.string() });
export type TextFile = z.infer<typeof textFileSchema>;

/** What I had typed into when a window had to let go of a document. */
export const takenTextsSchema = z.object({
  document: z.string(),
  /** My Yjs client in that window, and how much it had written: whoever has as much of it has all that I typed. */
  clientId: z.number(),
  clock: z.number(),
  files: z.array(textFileSchema),
});
export type TakenTexts = z.infer<typeof takenTextsSchema>;

/** Text that was on my screen and is not in the document any more. */
export const recoveryCopySchema = z.object({
  document: z.string(),
  /** `missing`: the lines of `text` that the document lacks. */
  files: z.array(textFileSchema.extend({ missing: z.string() })),
});
export type RecoveryCopy = z.infer<typeof recoveryCopySchema>;
export type RecoveredFile = RecoveryCopy['files'][number];

/** The files I typed into, as they stand in this window. */
export function takeTexts(line: Line): TakenTexts {
  const { doc, name } = line;
  const files = line.state.get().files.filter(({ id }) => line.touched(id));
  return {
    document: name,
    clientId: doc.clientID,
    clock: clockOf(doc),
    files: files.map(({ id, path, language }) => ({ id, path, language, text: doc.getText(`f:${id}`).toString() })),
  };
}

/** How much this window has written into its document; deleting does not count. */
export function clockOf(doc: Y.Doc): number {
  return Y.getState(doc.store, doc.clientID);
}

/** Whether everything I had typed is in the document, wherever others may have moved or removed it since. */
export function hasArrived({ clientId, clock }: TakenTexts, doc: Y.Doc): boolean {
  return Y.getState(doc.store, clientId) >= clock;
}

/** What of the earlier text is missing in the document as it is now; nothing when all of it is there. */
export function compareTexts(
  document: string,
  earlier: TextFile[],
  now: { id: string; text: string }[],
): RecoveryCopy | undefined {
  const current = new Map(now.map((file) => [file.id, file.text]));
  const files = earlier
    .map((file) => ({ ...file, missing: missingText(file.text, current.get(file.id) ?? '') }))
    .filter(({ missing }) => missing.trim() !== '');
  return files.length === 0 ? undefined : { document, files };
}

/** Writes what is missing of a file back into the document, as an edit of mine that undo takes back. */
export function putBack(line: Line, file: RecoveredFile): void {
  const text = line.doc.getText(`f:${file.id}`);
  line.doc.transact(() => {
    for (const { at, remove, text: insert } of changesThatPutBack(file.text, text.toString())) {
      text.delete(at, remove);
      text.insert(at, insert);
    }
  }, recoveryOrigin);
}
