import * as Y from 'yjs';
import { formatDocumentName, type DocumentName } from '#contract/document-name.ts';
import { AppError } from '#contract/errors.ts';
import { mainFileId, writeFile, type File } from '../files.ts';
import { createDocument, drawEpoch, type CreationDeps } from './creation.ts';
import { insertUpdates } from './insert-updates.ts';
import { findDocument } from './stored-rows.ts';

/**
 * Gives a document a new epoch that starts with `files`, in one transaction. What was before stays in the database under
 * the old epoch and is never loaded again; clients that hold it must be closed with 4409. Of two that remake at once
 * both succeed, one after the other. Resolves to the new epoch. Throws AppError `not-found` when the classroom is gone,
 * `file-required` without a file `main`, `path-taken` when two files share an id or a path.
 */
export async function remakeDocument(
  deps: CreationDeps,
  name: DocumentName,
  files: readonly File[],
  userId: string,
): Promise<{ epoch: number }> {
  const key = formatDocumentName(name);
  requireSound(files);
  for (;;) {
    const found = await findDocument(deps.db, key);
    if (found === undefined) await createDocument(deps, name);
    else {
      const epoch = await startEpoch(deps, key, found.epoch, files, userId);
      if (epoch !== undefined) return { epoch };
    }
  }
}

/** Undefined when the document is not in the epoch `old` any more. */
async function startEpoch(
  { db, clock, newId }: CreationDeps,
  document: string,
  old: number,
  files: readonly File[],
  userId: string,
): Promise<number | undefined> {
  const used = await db
    .selectFrom('document_updates')
    .select('epoch')
    .distinct()
    .where('document', '=', document)
    .execute();
  const epoch = drawEpoch([old, ...used.map((row) => row.epoch)]);
  return db.transaction().execute(async (transaction) => {
    const { numUpdatedRows } = await transaction
      .updateTable('documents')
      .set({ epoch, snapshot: null })
      .where('name', '=', document)
      .where('epoch', '=', old)
      .executeTakeFirstOrThrow();
    if (numUpdatedRows === 0n) return undefined;
    const update = firstUpdate(epoch, files);
    await insertUpdates(transaction, [{ id: newId(), document, epoch, userId, at: clock.now(), update }]);
    return epoch;
  });
}

/** Made by the Yjs client whose id is the epoch; `main` first, as in the seed of any document. */
function firstUpdate(epoch: number, files: readonly File[]): Uint8Array {
  const doc = new Y.Doc();
  doc.clientID = epoch;
  const rank = ({ id }: File) => (id === mainFileId ? 0 : 1);
  for (const file of files.toSorted((a, b) => rank(a) - rank(b))) writeFile(doc, file);
  const update = Y.encodeStateAsUpdate(doc);
  doc.destroy();
  return update;
}

function requireSound(files: readonly File[]): void {
  if (!files.some(({ id }) => id === mainFileId)) {
    throw new AppError('file-required', 'A document has a file with the id main.');
  }
  for (const key of ['id', 'path'] as const) {
    const twice = new Set(files.map((file) => file[key])).size < files.length;
    if (twice) throw new AppError('path-taken', `Two of the files have the same ${key}.`);
  }
}
