import { parseDocumentName } from '#contract/document-name.ts';
import type { AwarenessRun, ServerAwareness } from '#contract/awareness.ts';
import { limits } from '#contract/limits.ts';
import { modeSchema, type Mode } from '#contract/roles.ts';
import { isFinal, runStatusSchema } from '#contract/run.ts';
import { utf8Tail } from '#contract/utf8.ts';
import type { Db } from '#platform/db/schema.ts';

/** What the server says about a document beside its epoch and the state of the log. */
export type StoredState = Pick<ServerAwareness, 'mode' | 'run'>;

/** Reads mode and last run of a document. Rejects when its classroom is gone. */
export async function readStoredState(db: Db, document: string): Promise<StoredState> {
  const { classroomId } = parseDocumentName(document)!;
  const [mode, run] = await Promise.all([readMode(db, classroomId), readLastRun(db, document)]);
  return run === undefined ? { mode } : { mode, run };
}

/** The state after news of it, or undefined when they change nothing. */
export function changeState(state: ServerAwareness, change: Partial<ServerAwareness>): ServerAwareness | undefined {
  if (change.run !== undefined && state.run !== undefined && !isNewer(change.run, state.run)) return undefined;
  const changes = Object.entries(change).some(([key, value]) => state[key as keyof ServerAwareness] !== value);
  return changes ? { ...state, ...change } : undefined;
}

/** News can overtake each other: an older run never replaces a newer one, nor a live state a final one. */
function isNewer(news: AwarenessRun, shown: AwarenessRun): boolean {
  if (news.seq !== shown.seq) return news.seq > shown.seq;
  return !isFinal(shown.status) || isFinal(news.status);
}

async function readMode(db: Db, classroomId: string): Promise<Mode> {
  const row = await db.selectFrom('classrooms').select('mode').where('id', '=', classroomId).executeTakeFirstOrThrow();
  return modeSchema.parse(row.mode);
}

async function readLastRun(db: Db, document: string): Promise<AwarenessRun | undefined> {
  const row = await db
    .selectFrom('runs')
    .innerJoin('users', 'users.id', 'runs.user_id')
    .select(['runs.id', 'seq', 'status', 'language', 'user_id', 'users.name', 'exit_code', 'stdout', 'stderr'])
    .select(['started_at', 'finished_at'])
    .where('document', '=', document)
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  return {
    seq: row.seq,
    runId: row.id,
    status: runStatusSchema.parse(row.status),
    language: row.language,
    by: { id: row.user_id, name: row.name },
    exitCode: row.exit_code,
    tail: utf8Tail(row.stdout + row.stderr, limits.awarenessTailBytes),
    startedAt: row.started_at,
    finishedAt: row.finished_at,
  };
}
