import {
  runJobSchema,
  runResultSchema,
  type FinalStatus,
  type RunJob,
  type RunLimits,
  type RunResult,
} from '#contract/run.ts';
import { idSchema } from '#contract/ids.ts';
import type { Clock } from '#platform/clock.ts';
import type { JobContext } from '#platform/queue/run-queue.ts';
import type { Executor } from './executor.ts';
import type { Slots } from './slots.ts';

/** A job may ask for less than the worker gives, never for more. */
export function clampLimits(asked: RunLimits, most: RunLimits): RunLimits {
  const names = Object.keys(most) as (keyof RunLimits)[];
  return Object.fromEntries(names.map((name) => [name, Math.min(asked[name], most[name])])) as RunLimits;
}

/**
 * What a worker does with a job from the queue: checks it, waits for a slot, runs it. Rejects only for infrastructure:
 * an executor that failed, a worker that is being shut down, a job that does not even say which run it is.
 */
export async function handleJob(
  deps: { executor: Executor; slots: Slots; clock: Clock },
  data: unknown,
  context: JobContext,
): Promise<RunResult> {
  const { executor, slots, clock } = deps;
  const parsed = runJobSchema.safeParse(data);
  if (!parsed.success) {
    const runId = idSchema.parse((data as { runId?: unknown } | null)?.runId);
    const problems = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    return unrun(executor, runId, 'rejected', `The job does not fit the queue contract.\n${problems.join('\n')}`);
  }
  const job = parsed.data;
  const refusal = reasonToRefuse(job, executor);
  if (refusal !== undefined) return unrun(executor, job.runId, 'rejected', refusal);

  let release: (() => void) | undefined;
  try {
    release = await slots.take(context.signal);
    if (job.deadline <= clock.now()) {
      return unrun(executor, job.runId, 'expired', 'The run waited too long for its turn; start it again.');
    }
    const limits = clampLimits(job.limits, executor.limits);
    const result = await executor.execute({ ...job, limits }, context);
    // A worker that shuts down has not finished the person's run, and nobody cancelled it.
    if (result.status !== 'cancelled' || context.signal.reason === 'cancel') return result;
  } catch (error) {
    if (context.signal.reason === 'cancel') return unrun(executor, job.runId, 'cancelled', '');
    if (!context.signal.aborted) throw error;
  } finally {
    release?.();
  }
  throw new Error('The worker was shut down during the run');
}

function reasonToRefuse(job: RunJob, executor: Executor): string | undefined {
  if (!executor.languages.some((language) => language.id === job.language)) {
    return `This worker does not offer ${job.language}.`;
  }
  const paths = new Set(job.files.map((file) => file.path));
  if (paths.size < job.files.length) return 'Two files have the same path.';
  if (!paths.has(job.entry)) return `The entry ${job.entry} is not among the files.`;
  const folder = [...paths].find((path) => [...paths].some((other) => other.startsWith(`${path}/`)));
  if (folder !== undefined) return `${folder} is a file and a folder at once.`;
  if (job.stdin.mode === 'stream') {
    return 'This worker cannot take input while a program runs; send all of it with the run, as stdin.';
  }
  return undefined;
}

function unrun(executor: Executor, runId: string, status: FinalStatus, stderr: string): RunResult {
  return runResultSchema.parse({ v: 1, runId, status, stderr, isolation: executor.isolation });
}
