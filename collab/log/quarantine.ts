import type { Clock } from '#platform/clock.ts';
import type { Db } from '#platform/db/schema.ts';
import type { NewId } from '#platform/ids.ts';
import type { Log } from '#platform/log.ts';
import type { JournalRecord } from '../journal/record.ts';
import { toParts, type Part } from './parts.ts';
import { readSnapshot } from './stored-rows.ts';

export type QuarantineDeps = { db: Db; clock: Clock; newId: NewId; log?: Log };

/** Something stored that cannot be read again: an update by its id, or a snapshot by its generation. */
export type Damage = { kind: 'row' | 'snapshot'; source: string; reason: string };

type Place = Damage & { document: string; epoch: number; userId: string | null };

/**
 * Takes damaged updates and snapshots out of a document's log into `document_quarantine`, where they wait for a person.
 * In place of a damaged snapshot the document goes back to the generation before it, or to its rows alone. What another
 * node has taken out already is passed over.
 */
export async function quarantine(
  deps: QuarantineDeps,
  document: string,
  epoch: number,
  damages: readonly Damage[],
): Promise<void> {
  for (const damage of damages) {
    const move = damage.kind === 'row' ? moveUpdate : moveSnapshot;
    const moved = await inTransaction(deps.db, (db) => move({ ...deps, db }, document, epoch, damage));
    const { source, ...what } = damage;
    if (moved)
      deps.log?.error({ document, epoch, ...what, id: source }, 'a damaged part of a document is in quarantine');
  }
}

/** Puts an update that the database refuses as a row of the log into quarantine, so that it holds up no other. */
export async function quarantineRecord(deps: QuarantineDeps, record: JournalRecord, reason: string): Promise<void> {
  const { id: source, document, epoch, userId = null } = record;
  const place = { kind: 'row', source, reason, document, epoch, userId } as const;
  await inTransaction(deps.db, (db) => insert({ ...deps, db }, place, toParts(record.update)));
  deps.log?.error(
    { document, epoch, kind: 'row', id: source, reason },
    'an update that cannot be stored is in quarantine',
  );
}

async function moveUpdate(deps: QuarantineDeps, document: string, epoch: number, damage: Damage): Promise<boolean> {
  const { db } = deps;
  const rows = await db
    .selectFrom('document_updates')
    .select(['part', 'data', 'crc', 'user_id'])
    .where('id', '=', damage.source)
    .orderBy('part')
    .execute();
  const { numDeletedRows } = await db
    .deleteFrom('document_updates')
    .where('id', '=', damage.source)
    .executeTakeFirstOrThrow();
  if (rows.length === 0 || numDeletedRows === 0n) return false;
  await insert(deps, { ...damage, document, epoch, userId: rows[0]!.user_id }, rows);
  return true;
}

async function moveSnapshot(deps: QuarantineDeps, document: string, epoch: number, damage: Damage): Promise<boolean> {
  const { db } = deps;
  const previous = await db
    .selectFrom('document_snapshots')
    .select('generation')
    .where('document', '=', document)
    .where('epoch', '=', epoch)
    .where('generation', '!=', damage.source)
    .orderBy('generation', 'desc')
    .limit(1)
    .executeTakeFirst();
  const { numUpdatedRows } = await db
    .updateTable('documents')
    .set({ snapshot: previous?.generation ?? null })
    .where('name', '=', document)
    .where('epoch', '=', epoch)
    .where('snapshot', '=', damage.source)
    .executeTakeFirstOrThrow();
  if (numUpdatedRows === 0n) return false;
  const parts = await readSnapshot(db, document, damage.source);
  await db
    .deleteFrom('document_snapshots')
    .where('document', '=', document)
    .where('generation', '=', damage.source)
    .execute();
  await insert(deps, { ...damage, document, epoch, userId: null }, parts);
  return true;
}

type StoredPart = Pick<Part, 'part' | 'data'>;

/** Takes whatever comes: this is where things go that did not fit elsewhere. */
async function insert({ db, clock, newId }: QuarantineDeps, place: Place, parts: readonly StoredPart[]): Promise<void> {
  const { kind, source, reason, document, epoch, userId } = place;
  for (const { part, data } of parts) {
    await db
      .insertInto('document_quarantine')
      .values({
        id: newId(),
        kind,
        source: source.slice(0, 700),
        part,
        document: document.slice(0, 700),
        epoch: Number.isSafeInteger(epoch) ? epoch : 0,
        user_id: userId?.slice(0, 700) ?? null,
        reason: reason.slice(0, 1000),
        at: clock.now(),
        data,
      })
      .execute();
  }
}

function inTransaction<T>(db: Db, work: (db: Db) => Promise<T>): Promise<T> {
  return db.isTransaction ? work(db) : db.transaction().execute(work);
}
