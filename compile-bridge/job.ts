import { defaultCompileLimits, defaultRunLimits, type RunJob, runJobSchema } from '#contract/run.ts';
import type { RunsTable } from '#platform/db/schema.ts';

/** The job of a stored run, checked once more at this door; undefined when the row does not fit the queue contract. */
export function jobOf(row: RunsTable): RunJob | undefined {
  return runJobSchema.safeParse({
    v: 1,
    runId: row.id,
    classroomId: row.classroom_id,
    document: row.document ?? undefined,
    by: row.user_id,
    language: row.language,
    files: fromJson(row.files),
    entry: row.entry,
    args: fromJson(row.args),
    codeHash: row.code_hash,
    stdin: { mode: row.stdin_mode, text: row.stdin_text ?? undefined },
    limits: defaultRunLimits,
    compileLimits: defaultCompileLimits,
    deadline: row.deadline,
    createdAt: row.created_at,
  }).data;
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
