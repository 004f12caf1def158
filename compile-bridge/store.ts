import type { AwarenessRun } from '#contract/awareness.ts';
import { type FinalStatus, liveStatuses, type RunStatus } from '#contract/run.ts';
import type { Db, RunsTable } from '#platform/db/schema.ts';

/** What is known of a live run without its source. `seq` counts within the classroom. */
export type LiveRun = Pick<
  RunsTable,
  'id' | 'seq' | 'classroom_id' | 'user_id' | 'language' | 'status' | 'deadline' | 'started_at' | 'cancel_requested_at'
>;

/** One line of waiting: the runs of one person in one classroom. */
export type Person = Pick<LiveRun, 'classroom_id' | 'user_id'>;

const liveColumns = [
  'id',
  'seq',
  'classroom_id',
  'user_id',
  'language',
  'status',
  'deadline',
  'started_at',
  'cancel_requested_at',
] as const;

/** All runs that have not ended, the oldest first. */
export function liveRuns(db: Db): Promise<LiveRun[]> {
  return db.selectFrom('runs').select(liveColumns).where('status', 'in', liveStatuses).orderBy('id').execute();
}

/** The run if it has not ended. */
export function liveRun(db: Db, id: string): Promise<LiveRun | undefined> {
  return db
    .selectFrom('runs')
    .select(liveColumns)
    .where('id', '=', id)
    .where('status', 'in', liveStatuses)
    .executeTakeFirst();
}

/** The one run of this person that may be in the queue: the oldest that has not ended. */
export function headOf(db: Db, person: Person): Promise<LiveRun | undefined> {
  return db
    .selectFrom('runs')
    .select(liveColumns)
    .where('classroom_id', '=', person.classroom_id)
    .where('user_id', '=', person.user_id)
    .where('status', 'in', liveStatuses)
    .orderBy('seq')
    .limit(1)
    .executeTakeFirst();
}

/** The whole run if it still waits to be taken by a worker. */
export function waitingRun(db: Db, id: string): Promise<RunsTable | undefined> {
  return db.selectFrom('runs').selectAll().where('id', '=', id).where('status', '=', 'queued').executeTakeFirst();
}

/**
 * Moves a run forward to `compiling` or `running`. False when it is there already or has ended: two bridges may tell
 * the same news, and the one whose update changed the row announces it.
 */
export async function storeProgress(
  db: Db,
  id: string,
  status: 'compiling' | 'running',
  now: number,
): Promise<boolean> {
  const earlier: RunStatus[] = status === 'compiling' ? ['queued'] : ['queued', 'compiling'];
  const { numUpdatedRows } = await db
    .updateTable('runs')
    .set((is) => ({ status, started_at: is.fn.coalesce('started_at', is.val(now)) }))
    .where('id', '=', id)
    .where('status', 'in', earlier)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

/** The columns that tell how a run ended. */
export type Ending = { status: FinalStatus } & Partial<
  Pick<
    RunsTable,
    | 'stage'
    | 'exit_code'
    | 'signal'
    | 'stdout'
    | 'stderr'
    | 'compile'
    | 'wall_ms'
    | 'cpu_ms'
    | 'memory_bytes'
    | 'truncated'
    | 'isolation'
  > & {
    /** When it must have begun; stored only if its beginning was missed. */
    started_at: number;
  }
>;

/**
 * Ends a run that is in one of the states `from`. False when it is not: of all endings that reach a run, from however
 * many workers and bridges, exactly one is stored.
 */
export async function storeEnding(
  db: Db,
  id: string,
  ending: Ending,
  now: number,
  from: readonly RunStatus[] = liveStatuses,
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('runs')
    .set((is) => ({
      ...ending,
      started_at: is.fn.coalesce('started_at', is.val(ending.started_at ?? null)),
      finished_at: now,
    }))
    .where('id', '=', id)
    .where('status', 'in', from)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

/** What is told to the class of a run, but for its output. */
export async function newsOf(
  db: Db,
  id: string,
): Promise<{ classroomId: string; document: string | null; run: Omit<AwarenessRun, 'tail'> } | undefined> {
  const row = await db
    .selectFrom('runs')
    .innerJoin('users', 'users.id', 'runs.user_id')
    .select([
      'runs.classroom_id',
      'runs.document',
      'runs.seq',
      'runs.status',
      'runs.language',
      'runs.exit_code',
      'runs.started_at',
      'runs.finished_at',
      'users.id as user_id',
      'users.name as user_name',
    ])
    .where('runs.id', '=', id)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  return {
    classroomId: row.classroom_id,
    document: row.document,
    run: {
      seq: row.seq,
      runId: id,
      status: row.status as RunStatus,
      language: row.language,
      by: { id: row.user_id, name: row.user_name },
      exitCode: row.exit_code,
      startedAt: row.started_at,
      finishedAt: row.finished_at,
    },
  };
}
