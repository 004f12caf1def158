import type { Db } from '#platform/db/schema.ts';
import { insertMissing } from '#platform/db/statements.ts';
import { remakeSeed } from './creation.ts';
import { damageOf, joinParts, toParts } from './parts.ts';
import { quarantine, type Damage, type QuarantineDeps } from './quarantine.ts';
import type { SnapshotBuilder } from './snapshot-builder.ts';
import { findDocument, readSnapshot, readUpdatePages, type StoredUpdate } from './stored-rows.ts';

export type CompactDeps = QuarantineDeps & {
  builder: SnapshotBuilder;
  /** Asked between pages; what has been done so far is then left undone. */
  cancelled?: () => boolean;
};

/** `repaired`: something damaged was found and dealt with instead. `overtaken`: another node, or a new epoch, was faster. */
export type Compaction =
  | { outcome: 'compacted'; rows: number; bytes: number; more: boolean }
  | { outcome: 'nothing' | 'overtaken' | 'repaired' | 'cancelled' };

/** A compaction takes no more than this at once, so that neither its transaction nor its memory grows with the backlog. */
const maxRows = 20_000;
const maxBytes = 16 * 1024 * 1024;
const idsPerStatement = 1_000;

/**
 * Folds the rows of a document into a new generation of its snapshot and deletes exactly those rows, in one transaction:
 * whenever the process dies, the database has either all before it or all after it. The generation before is kept. Safe
 * while others write, load and compact the same document.
 */
export async function compact(deps: CompactDeps, document: string): Promise<Compaction> {
  const { db, builder } = deps;
  const found = await findDocument(db, document);
  if (found === undefined) return { outcome: 'nothing' };
  const { epoch, snapshot: generation } = found;

  await builder.begin();
  // The snapshot first: rows that build on it would wait for it one by one. Should another compaction replace it and
  // delete rows before they are read here, then this one is overtaken.
  if (generation !== null) {
    const parts = await readSnapshot(db, document, generation);
    if (parts.length === 0 && (await findDocument(db, document))?.snapshot !== generation) {
      return { outcome: 'overtaken' };
    }
    let reason = damageOf(parts);
    if (reason === undefined && (await builder.add([joinParts(parts)])).length > 0) reason = 'it is no Yjs update';
    if (reason !== undefined) {
      await quarantine(deps, document, epoch, [{ kind: 'snapshot', source: generation, reason }]);
      return { outcome: 'repaired' };
    }
  }
  const damages: Damage[] = [];
  const ids: string[] = [];
  let rows = 0;
  let bytes = 0;
  let more = false;
  for await (const page of readUpdatePages(db, document, epoch)) {
    if (deps.cancelled?.() === true) return { outcome: 'cancelled' };
    damages.push(...(await addPage(builder, page)));
    for (const { id, parts } of page) {
      ids.push(id);
      rows += parts.length;
      for (const { data } of parts) bytes += data.length;
    }
    more = rows >= maxRows || bytes >= maxBytes;
    if (more) break;
  }
  if (ids.length === 0) return { outcome: 'nothing' };
  if (damages.length > 0) {
    await quarantine(deps, document, epoch, damages);
    return { outcome: 'repaired' };
  }

  let state = await builder.finish(epoch);
  if (state === undefined) {
    await builder.add([await remakeSeed(db, document, epoch)]);
    state = await builder.finish(epoch);
  }
  if (state === undefined) throw new Error('the first update of the epoch cannot be made again');
  if (deps.cancelled?.() === true) return { outcome: 'cancelled' };
  const replaced = await replace(deps, { document, epoch, generation }, state, ids);
  return replaced ? { outcome: 'compacted', rows, bytes, more } : { outcome: 'overtaken' };
}

async function addPage(builder: SnapshotBuilder, page: readonly StoredUpdate[]): Promise<Damage[]> {
  const damages: Damage[] = [];
  const sound: StoredUpdate[] = [];
  for (const update of page) {
    const reason = damageOf(update.parts);
    if (reason === undefined) sound.push(update);
    else damages.push({ kind: 'row', source: update.id, reason });
  }
  const undecodable = await builder.add(sound.map(({ parts }) => joinParts(parts)));
  for (const index of undecodable) {
    damages.push({ kind: 'row', source: sound[index]!.id, reason: 'it is no Yjs update' });
  }
  return damages;
}

/** False when the document has another snapshot or epoch by now; then nothing is changed. */
async function replace(
  { db, newId }: CompactDeps,
  old: { document: string; epoch: number; generation: string | null },
  state: Uint8Array,
  ids: readonly string[],
): Promise<boolean> {
  const { document, epoch } = old;
  const generation = newId();
  return db.transaction().execute(async (transaction: Db) => {
    const { numUpdatedRows } = await transaction
      .updateTable('documents')
      .set({ snapshot: generation })
      .where('name', '=', document)
      .where('epoch', '=', epoch)
      .where('snapshot', old.generation === null ? 'is' : '=', old.generation)
      .executeTakeFirstOrThrow();
    if (numUpdatedRows === 0n) return false;
    const parts = toParts(state).map((part) => ({ document, epoch, generation, ...part }));
    await insertMissing(transaction, 'document_snapshots', parts);
    for (let from = 0; from < ids.length; from += idsPerStatement) {
      await transaction
        .deleteFrom('document_updates')
        .where('id', 'in', ids.slice(from, from + idsPerStatement))
        .execute();
    }
    // Another epoch's snapshots are history, like its rows.
    await transaction
      .deleteFrom('document_snapshots')
      .where('document', '=', document)
      .where('epoch', '=', epoch)
      .where('generation', 'not in', old.generation === null ? [generation] : [generation, old.generation])
      .execute();
    return true;
  });
}
