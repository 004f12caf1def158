import type { RunControl, RunJob, RunProgress, WorkerRegistration } from '#contract/run.ts';

/** How a job ended, as the queue tells it. `value` is the worker's return value, unchecked. */
export type Settled = { runId: string; language: string } & (
  | { outcome: 'completed'; value: unknown }
  | { outcome: 'failed'; reason: string }
);

export type JobState = 'waiting' | 'active' | 'completed' | 'failed' | 'absent';

/**
 * What happens in the queues, as seen from here on. A process that was not running has missed what happened meanwhile, and
 * more than about a thousand events during an outage are not kept: who stores runs must ask `state()` about those it
 * holds for live, when it starts and from time to time. A run may be reported as settled more than once.
 */
export interface RunQueueEvents {
  active(event: { runId: string; language: string }): void;
  progress(event: { runId: string; language: string; progress: RunProgress }): void;
  settled(event: Settled): void;
}

/**
 * Why a job's signal aborts (`signal.reason`): somebody cancelled it, its consumer is being closed, or the queue has given
 * it up because this process did not keep its lock; the result of a lost job counts nothing.
 */
export type AbortReason = 'cancel' | 'shutdown' | 'lost';

/** What a worker's handler may use while it runs a job. */
export interface JobContext {
  signal: AbortSignal;
  progress(progress: RunProgress): Promise<void>;
  /** The handler gets all that was sent to the run, in order, also what came before it was there; cancel included. */
  onControl(handler: (control: RunControl) => void): void;
}

export interface Consumer {
  /**
   * Takes no more jobs and resolves when the running ones have ended; those that still run after `graceMs` (default 0)
   * are aborted with `shutdown`, and left behind when that does not end them within 3 s.
   */
  close(options?: { graceMs?: number }): Promise<void>;
}

/**
 * The queue of runs: BullMQ queues `run-<language>`, on Redis or on an in-process PGlite that lives in its own thread.
 * The queue contract is public (contract §5): workers written by others meet us there, not here.
 *
 * Whatever cannot be done within 5 s is rejected as AppError `unavailable`; it may have happened all the same, and since
 * a run is added once however often one tries, trying again is right.
 */
export interface RunQueue {
  /**
   * Adds a job with `jobId = runId`, one attempt. Adding the same id again changes nothing while the queue remembers it
   * (completed jobs for an hour, failed ones for a day). Throws AppError `source-too-large` for a job of over 1 MiB.
   */
  add(job: RunJob): Promise<void>;
  /** Takes a waiting job out. False when it is active, finished or unknown. */
  remove(language: string, runId: string): Promise<boolean>;
  /** Where a job stands; `value` when it is completed, `reason` when it has failed. */
  state(language: string, runId: string): Promise<{ state: JobState; value?: unknown; reason?: string }>;
  /** Begins to report what happens in the queues of these languages; may be called again with more. */
  watch(languages: string[], events: RunQueueEvents): Promise<void>;
  /** Tells the worker of a run something; kept for 10 minutes for a run that is not active yet. */
  control(runId: string, control: RunControl): Promise<void>;
  /** The workers that have registered within the last 15 s. */
  workers(): Promise<Map<string, WorkerRegistration>>;

  /** Consumes a language's jobs. The handler's return value is the result; a throw is an infrastructure failure. */
  consume(
    language: string,
    options: { concurrency: number },
    handler: (job: unknown, context: JobContext) => Promise<unknown>,
  ): Promise<Consumer>;
  /** Renews a worker's entry; to be done every 5 s. */
  register(workerId: string, registration: WorkerRegistration): Promise<void>;
  unregister(workerId: string): Promise<void>;

  /** True while the queue can be reached. */
  healthy(): boolean;
  /** Closes the consumers without grace, then all the rest; leaves nothing that would keep the process alive. */
  close(): Promise<void>;
}
