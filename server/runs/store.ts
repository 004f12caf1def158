import { sql } from 'kysely';
import { type FinalStatus, finalStatuses, liveStatuses } from '#contract/run.ts';
import type { Db, RunsTable } from '#platform/db/schema.ts';

/** Runs in SQL as the API uses them: it stores new ones and asks for cancellations; the rest is the compile bridge's. */

const headColumns = [
  'runs.id',
  'runs.seq',
  'runs.classroom_id',
  'runs.document',
  'runs.user_id',
  'runs.status',
  'runs.created_at',
] as const;

/** What is needed to judge who may do what with a run. */
export type RunHead = Pick<RunsTable, 'id' | 'seq' | 'classroom_id' | 'document' | 'user_id' | 'status' | 'created_at'>;

/** A run as it is told, without its source. */
export type RunRow = Omit<
  RunsTable,
  'files' | 'entry' | 'args' | 'stdin_mode' | 'stdin_text' | 'cancel_requested_at' | 'deadline'
> & { user_name: string };

export async function insertRun(db: Db, run: RunsTable): Promise<void> {
  await db.insertInto('runs').values(run).execute();
}

export function findRunHead(db: Db, id: string): Promise<RunHead | undefined> {
  return db.selectFrom('runs').select(headColumns).where('runs.id', '=', id).executeTakeFirst();
}

/** All runs of everybody that have not ended. */
export function liveRunHeads(db: Db): Promise<RunHead[]> {
  return db.selectFrom('runs').select(headColumns).where('runs.status', 'in', liveStatuses).execute();
}

export async function countLiveRuns(db: Db, classroomId: string, userId: string): Promise<number> {
  const { count } = await db
    .selectFrom('runs')
    .select((each) => each.fn.countAll<number>().as('count'))
    .where('classroom_id', '=', classroomId)
    .where('user_id', '=', userId)
    .where('status', 'in', liveStatuses)
    .executeTakeFirstOrThrow();
  return count;
}

function runs(db: Db) {
  return db
    .selectFrom('runs')
    .innerJoin('users', 'users.id', 'runs.user_id')
    .select(headColumns)
    .select([
      'users.name as user_name',
      'runs.language',
      'runs.code_hash',
      'runs.stage',
      'runs.exit_code',
      'runs.signal',
      'runs.compile',
      'runs.wall_ms',
      'runs.cpu_ms',
      'runs.memory_bytes',
      'runs.truncated',
      'runs.isolation',
      'runs.started_at',
      'runs.finished_at',
    ]);
}

export function findRun(db: Db, id: string): Promise<RunRow | undefined> {
  return runs(db).select(['runs.stdout', 'runs.stderr']).where('runs.id', '=', id).executeTakeFirst();
}

export function findEndedRun(db: Db, id: string): Promise<RunRow | undefined> {
  return runs(db)
    .select(['runs.stdout', 'runs.stderr'])
    .where('runs.id', '=', id)
    .where('runs.status', 'in', finalStatuses as readonly FinalStatus[])
    .executeTakeFirst();
}

/** Which runs of a classroom someone sees: all, or one's own and those of some or of all documents. */
export type Visible = 'all' | { userId: string; documents: 'all' | readonly string[] };

/**
 * The newest first; `before` is the last id of the page before. Of each output only the first `outputChars` characters
 * are read.
 */
export function listRuns(
  db: Db,
  classroomId: string,
  visible: Visible,
  page: { limit: number; before: string | undefined; outputChars: number },
): Promise<RunRow[]> {
  let query = runs(db)
    .select([
      sql<string>`substr(runs.stdout, 1, ${page.outputChars})`.as('stdout'),
      sql<string>`substr(runs.stderr, 1, ${page.outputChars})`.as('stderr'),
    ])
    .where('runs.classroom_id', '=', classroomId)
    .orderBy('runs.id', 'desc')
    .limit(page.limit);
  if (page.before !== undefined) query = query.where('runs.id', '<', page.before);
  if (visible !== 'all') {
    const { userId, documents } = visible;
    query = query.where((run) =>
      run.or([
        run('runs.user_id', '=', userId),
        documents === 'all' ? run('runs.document', 'is not', null) : run('runs.document', 'in', documents),
      ]),
    );
  }
  return query.execute();
}

/** Notes the wish; false when the run has ended. Repeating it keeps the first time. */
export async function requestCancel(db: Db, id: string, now: number): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('runs')
    .set((is) => ({ cancel_requested_at: is.fn.coalesce('cancel_requested_at', is.val(now)) }))
    .where('id', '=', id)
    .where('status', 'in', liveStatuses)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}
