import type { RunControl, RunJob, RunProgress, WorkerRegistration } from '#contract/run.ts';

/** How a job ended, as the queue tells it. `value` is the worker's return value, unchecked. */
export type Settled = { runId: string; language: string } & (
  | { outcome: 'completed'; value: unknown }
  | { outcome: 'failed'; reason: string }
);

export type JobState = 'waiting' | 'active' | 'completed' | 'failed' | 'absent';

export interface RunQueueEvents {
  active(event: { runId: string; language: string }): void;
  progress(event: { runId: string; language: string; progress: RunProgress }): void;
  settled(event: Settled): void;
}

/** What a worker's handler may use while it runs a job. `signal` aborts on cancel and on shutdown. */
export interface JobContext {
  signal: AbortSignal;
  progress(progress: RunProgress): Promise<void>;
  onControl(handler: (control: RunControl) => void): void;
}

/**
 * The queue of runs: BullMQ queues `run-<language>`, on Redis or on an in-process PGlite that lives in its own thread.
 * The queue contract is public (contract §5): workers written by others meet us there, not here.
 */
export interface RunQueue {
  /** Adds a job with `jobId = runId`, one attempt. Adding the same id again changes nothing. */
  add(job: RunJob): Promise<void>;
  /** Takes a waiting job out. False when it is active, finished or unknown. */
  remove(language: string, runId: string): Promise<boolean>;
  state(language: string, runId: string): Promise<{ state: JobState; value?: unknown; reason?: string }>;
  /** Begins to report what happens in the queues of these languages; may be called again with more. */
  watch(languages: string[], events: RunQueueEvents): Promise<void>;
  control(runId: string, control: RunControl): Promise<void>;
  workers(): Promise<Map<string, WorkerRegistration>>;

  /** Consumes a language's jobs. The handler's return value is the result; a throw is an infrastructure failure. */
  consume(
    language: string,
    options: { concurrency: number },
    handler: (job: unknown, context: JobContext) => Promise<unknown>,
  ): Promise<{ close(): Promise<void> }>;
  register(workerId: string, registration: WorkerRegistration): Promise<void>;
  unregister(workerId: string): Promise<void>;

  healthy(): boolean;
  close(): Promise<void>;
}
