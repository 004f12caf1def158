import type { z } from 'zod';
import { type Run, runSchema } from '#contract/api/runs.ts';
import type { Isolation, RunStatus } from '#contract/run.ts';
import { utf8Head } from '#contract/utf8.ts';
import type { RunRow } from './store.ts';

const compileSchema = runSchema.shape.compile;
const stageSchema = runSchema.shape.stage;

/** A stored run as it is told. */
export function toRun(row: RunRow): Run {
  return {
    id: row.id,
    classroomId: row.classroom_id,
    document: row.document,
    language: row.language,
    by: { id: row.user_id, name: row.user_name },
    status: row.status as RunStatus,
    stage: row.stage as z.infer<typeof stageSchema>,
    exitCode: row.exit_code,
    signal: row.signal,
    stdout: row.stdout,
    stderr: row.stderr,
    compile: row.compile === null ? null : compileSchema.parse(JSON.parse(row.compile)),
    wallMs: row.wall_ms,
    cpuMs: row.cpu_ms,
    memoryBytes: row.memory_bytes,
    queueMs: row.started_at === null ? null : Math.max(0, row.started_at - row.created_at),
    truncated: row.truncated === 1,
    isolation: row.isolation as Isolation | null,
    codeHash: row.code_hash,
    createdAt: new Date(row.created_at).toISOString(),
    startedAt: row.started_at === null ? null : new Date(row.started_at).toISOString(),
    finishedAt: row.finished_at === null ? null : new Date(row.finished_at).toISOString(),
  };
}

/** In lists each of the two outputs is cut to this many bytes; `truncated` then says so. */
export const listedOutputBytes = 4_000;

/** An entry of a list, from a row that was read with at least one character more than may be shown. */
export function toListedRun(row: RunRow): Run {
  const run = toRun(row);
  const stdout = utf8Head(run.stdout, listedOutputBytes);
  const stderr = utf8Head(run.stderr, listedOutputBytes);
  const cut = stdout.length < run.stdout.length || stderr.length < run.stderr.length;
  return { ...run, stdout, stderr, truncated: run.truncated || cut };
}

/** What there is to read of a run as plain text: its output, or what the compiler said if it never came to run. */
export function toText(row: Pick<RunRow, 'stdout' | 'stderr' | 'compile'>): string {
  const output = row.stdout + row.stderr;
  if (output !== '' || row.compile === null) return output;
  return compileSchema.parse(JSON.parse(row.compile))?.output ?? '';
}
