import type { AwarenessRun } from '#contract/awareness.ts';
import type { RunBody } from '#contract/api/runs.ts';
import { formatDocumentName, parseDocumentName } from '#contract/document-name.ts';
import { AppError } from '#contract/errors.ts';
import { limits } from '#contract/limits.ts';
import type { RunStatus } from '#contract/run.ts';
import type { Membership } from '../classrooms/policy.ts';
import { takeRunNumber } from '../classrooms/service.ts';
import type { ApiDeps } from '../deps.ts';
import { readDocument, requireDocument } from '../documents/service.ts';
import type { Languages } from './languages.ts';
import { positionOf } from './position.ts';
import { codeHashOf, documentSource, postedSource, type Source } from './source.ts';
import { countLiveRuns, findRun, insertRun, liveRunHeads, requestCancel, type RunRow } from './store.ts';

export type RunDeps = Pick<ApiDeps, 'db' | 'bus' | 'clock' | 'newId'> & { languages: Languages };

/** A run that nobody has taken by then ends as `expired`; longer than one person's eleven runs take at worst. */
const waitAtMostMs = 10 * 60_000;

/** What is to run, with its document if it comes from one. */
export type Program = Source & { document: string | null };

/**
 * The program that a request names or brings. Throws `validation-failed`, `not-found`, `not-open-yet`,
 * `source-too-large`, `unsupported-language`, `no-worker`, `unavailable`.
 */
export async function programOf(deps: RunDeps, member: Membership, body: RunBody): Promise<Program> {
  const program = await readProgram(deps, member, body);
  await deps.languages.require(program.language);
  return program;
}

async function readProgram(deps: RunDeps, member: Membership, body: RunBody): Promise<Program> {
  if (!('document' in body)) return { ...postedSource(body), document: null };
  const name = parseDocumentName(body.document);
  if (name === undefined) throw new AppError('not-found', 'There is no such document here, or you may not open it.');
  await requireDocument({ db: deps.db, now: deps.clock.now() }, member, name, 'read');
  const source = documentSource(await readDocument(deps.bus, name), body.file);
  return { ...source, document: formatDocumentName(name) };
}

/**
 * Stores a run under an id made by the caller and hands it to the bridge. Resolves to its place in the line. Throws
 * `too-many-runs`, `not-found`.
 */
export async function submitRun(
  deps: RunDeps,
  run: { id: string; member: Membership; program: Program; args: string[]; stdin: string },
): Promise<{ runId: string; status: RunStatus; position: number | null }> {
  const { db, bus, clock } = deps;
  const { id, member, program, args, stdin } = run;
  const classroomId = member.classroom.id;
  const now = clock.now();
  await db.transaction().execute(async (transaction) => {
    const seq = await takeRunNumber(transaction, classroomId);
    if (seq === undefined) throw new AppError('not-found', 'The classroom was deleted meanwhile.');
    if ((await countLiveRuns(transaction, classroomId, member.userId)) > limits.runsWaitingPerPerson)
      throw new AppError('too-many-runs', 'Wait until one of your runs has ended, or cancel one.');
    await insertRun(transaction, {
      id,
      seq,
      classroom_id: classroomId,
      document: program.document,
      user_id: member.userId,
      language: program.language,
      files: JSON.stringify(program.files),
      entry: program.entry,
      args: JSON.stringify(args),
      stdin_mode: 'text',
      stdin_text: stdin,
      code_hash: codeHashOf(program, args),
      status: 'queued',
      stage: null,
      exit_code: null,
      signal: null,
      stdout: '',
      stderr: '',
      compile: null,
      wall_ms: null,
      cpu_ms: null,
      memory_bytes: null,
      truncated: 0,
      isolation: null,
      cancel_requested_at: null,
      deadline: now + waitAtMostMs,
      created_at: now,
      started_at: null,
      finished_at: null,
    });
  });
  const position = positionOf(await liveRunHeads(db), id);
  // Who stores a state announces it: this one is ours, all later ones are the bridge's.
  const row = await findRun(db, id);
  if (row !== undefined) await bus.publish('run.updated', toNews(row));
  await bus.publish('run.requested', { runId: id });
  return { runId: id, status: 'queued', position };
}

function toNews(row: RunRow): { classroomId: string; document: string | null; run: AwarenessRun } {
  return {
    classroomId: row.classroom_id,
    document: row.document,
    run: {
      seq: row.seq,
      runId: row.id,
      status: row.status as RunStatus,
      language: row.language,
      by: { id: row.user_id, name: row.user_name },
      exitCode: row.exit_code,
      tail: '',
      startedAt: row.started_at,
      finishedAt: row.finished_at,
    },
  };
}

/** Asks the bridge to end a run. Throws `run-finished`. */
export async function cancelRun(deps: Pick<RunDeps, 'db' | 'bus' | 'clock'>, id: string): Promise<void> {
  if (!(await requestCancel(deps.db, id, deps.clock.now())))
    throw new AppError('run-finished', 'There is nothing left to cancel.');
  await deps.bus.publish('run.cancel-requested', { runId: id });
}
