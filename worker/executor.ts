import type { Isolation, RunJob, RunLimits, RunResult } from '#contract/run.ts';
import type { JobContext } from '#platform/queue/run-queue.ts';

/** A way to run programs at one level of isolation. A sibling folder for each: `wasm/` is the one that needs nothing. */
export type Executor = {
  readonly isolation: Isolation;
  readonly languages: { id: string; version: string }[];
  /** The most a job may ask for; also what a job gets that asks for more. */
  readonly limits: RunLimits;
  /**
   * Runs one job, whose limits are within `limits`, and resolves when nothing of it is left on this machine. Whatever
   * the program does is a result; a rejection means that the executor itself failed. When `signal` aborts, the program
   * is killed: `cancelled`.
   */
  execute(job: RunJob, context: JobContext): Promise<RunResult>;
  close(): Promise<void>;
};
