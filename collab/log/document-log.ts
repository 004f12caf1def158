import * as Y from 'yjs';
import { AppError } from '#contract/errors.ts';
import { formatDocumentName, type DocumentName } from '#contract/document-name.ts';
import { insertMissing, isUniqueViolation } from '#platform/db/statements.ts';
import type { Db } from '#platform/db/schema.ts';
import type { Clock } from '#platform/clock.ts';
import type { NewId } from '#platform/ids.ts';
import type { JournalRecord } from '../journal/record.ts';
import { seedUpdate } from './seed.ts';

/** Rows hold at most this much, so that no default packet limit of a database refuses one. */
const partBytes = 1024 * 1024;

export type StoredDocument = { epoch: number; snapshot: Uint8Array | undefined; updates: Uint8Array[] };

/** Stores updates as rows; one that is stored already is left as it is, so a replay changes nothing. */
export async function insertUpdates(db: Db, records: readonly JournalRecord[]): Promise<void> {
  const rows = records.flatMap((record) =>
    splitParts(record.update).map((data, part) => ({
      id: record.id,
      part,
      document: record.document,
      epoch: record.epoch,
      user_id: record.userId ?? null,
      created_at: record.at,
      data,
    })),
  );
  await insertMissing(db, 'document_updates', rows);
}

/**
 * Everything a document is made of: the snapshot it has, if any, and the updates of its epoch in order. Makes the
 * document with its first file when it does not exist yet. Throws AppError `not-found` when its classroom is gone.
 */
export async function readDocument(
  deps: { db: Db; clock: Clock; newId: NewId },
  name: DocumentName,
): Promise<StoredDocument> {
  const key = formatDocumentName(name);
  for (;;) {
    const { epoch } = (await findDocument(deps.db, key)) ?? (await createDocument(deps, name));
    // Rows before snapshot: a compaction in between puts what it deletes into the snapshot read after it.
    const updates = await readUpdates(deps.db, key, epoch);
    const now = await findDocument(deps.db, key);
    if (now?.epoch !== epoch) continue;
    if (now.snapshot === null) return { epoch, snapshot: undefined, updates };
    const parts = await deps.db
      .selectFrom('document_snapshots')
      .select('data')
      .where('document', '=', key)
      .where('generation', '=', now.snapshot)
      .orderBy('part')
      .execute();
    // No parts: a compaction has replaced this snapshot since; look again.
    if (parts.length > 0) return { epoch, snapshot: Buffer.concat(parts.map(({ data }) => data)), updates };
  }
}

function findDocument(db: Db, key: string) {
  return db.selectFrom('documents').select(['epoch', 'snapshot']).where('name', '=', key).executeTakeFirst();
}

async function readUpdates(db: Db, key: string, epoch: number): Promise<Uint8Array[]> {
  const rows = await db
    .selectFrom('document_updates')
    .select(['id', 'part', 'data'])
    .where('document', '=', key)
    .where('epoch', '=', epoch)
    .orderBy('id')
    .orderBy('part')
    .execute();
  const updates: Uint8Array[][] = [];
  for (const row of rows) {
    if (row.part === 0) updates.push([row.data]);
    else updates.at(-1)!.push(row.data);
  }
  return updates.map((parts) => (parts.length === 1 ? parts[0]! : Buffer.concat(parts)));
}

/** The document and its first update, in one transaction; whoever comes second finds both. */
async function createDocument(
  { db, clock, newId }: { db: Db; clock: Clock; newId: NewId },
  name: DocumentName,
): Promise<{ epoch: number; snapshot: string | null }> {
  const key = formatDocumentName(name);
  const classroom = await db
    .selectFrom('classrooms')
    .select('language')
    .where('id', '=', name.classroomId)
    .where('deleted_at', 'is', null)
    .executeTakeFirst();
  if (classroom === undefined) throw new AppError('not-found', 'This classroom does not exist.');
  const epoch = 1;
  try {
    await db.transaction().execute(async (transaction) => {
      await transaction
        .insertInto('documents')
        .values({
          name: key,
          classroom_id: name.classroomId,
          kind: name.kind,
          user_id: name.userId ?? null,
          epoch,
          snapshot: null,
          created_at: clock.now(),
        })
        .execute();
      const update = seedUpdate(epoch, classroom.language);
      const record = { id: newId(), document: key, epoch, userId: undefined, at: clock.now(), update };
      await insertUpdates(transaction, [record]);
    });
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
  }
  return { epoch, snapshot: null };
}

/** Joins the parts of a stored document into `target` as one transaction. Throws when a row is corrupt. */
export function applyStored(target: Y.Doc, stored: StoredDocument, origin: unknown): void {
  target.transact(() => {
    if (stored.snapshot !== undefined) Y.applyUpdate(target, stored.snapshot, origin);
    for (const update of stored.updates) Y.applyUpdate(target, update, origin);
  }, origin);
}

function splitParts(data: Uint8Array): Uint8Array[] {
  if (data.length <= partBytes) return [data];
  return Array.from({ length: Math.ceil(data.length / partBytes) }, (_, part) =>
    data.subarray(part * partBytes, (part + 1) * partBytes),
  );
}
