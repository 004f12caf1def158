import { randomInt } from 'node:crypto';
import { AppError } from '#contract/errors.ts';
import { formatDocumentName, type DocumentName } from '#contract/document-name.ts';
import type { Clock } from '#platform/clock.ts';
import type { Db } from '#platform/db/schema.ts';
import { isUniqueViolation } from '#platform/db/statements.ts';
import type { NewId } from '#platform/ids.ts';
import { insertUpdates } from './insert-updates.ts';
import { reservedClientIds, seedUpdate } from './seed.ts';

export type CreationDeps = { db: Db; clock: Clock; newId: NewId };

/**
 * An epoch that is none of `taken`. Drawn, not counted: rows that were lost, or that an older backup brought back, must
 * not meet a client's history of another time under the same number.
 */
export function drawEpoch(taken: readonly number[] = []): number {
  for (;;) {
    const epoch = randomInt(1, reservedClientIds);
    if (!taken.includes(epoch)) return epoch;
  }
}

/**
 * Makes the document with its first update in one transaction; whoever comes second changes nothing and finds both.
 * Throws AppError `not-found` when the classroom is gone.
 */
export async function createDocument({ db, clock, newId }: CreationDeps, name: DocumentName): Promise<void> {
  const key = formatDocumentName(name);
  const classroom = await db
    .selectFrom('classrooms')
    .select('language')
    .where('id', '=', name.classroomId)
    .where('deleted_at', 'is', null)
    .executeTakeFirst();
  if (classroom === undefined) throw new AppError('not-found', 'This classroom does not exist.');
  const epoch = drawEpoch();
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
}

/**
 * The first update of an epoch once more, for a document whose log has lost it: made of the same epoch it is the same
 * update, so it doubles nothing that a client still holds.
 */
export async function remakeSeed(db: Db, document: string, epoch: number): Promise<Uint8Array> {
  const classroom = await db
    .selectFrom('documents')
    .innerJoin('classrooms', 'classrooms.id', 'documents.classroom_id')
    .select('classrooms.language')
    .where('documents.name', '=', document)
    .executeTakeFirst();
  return seedUpdate(epoch, classroom?.language ?? 'text');
}
