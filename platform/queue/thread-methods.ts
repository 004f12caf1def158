import type { RunControl, RunJob, RunProgress, WorkerRegistration } from '#contract/run.ts';
import type { AbortReason, JobState, RunQueueEvents } from './run-queue.ts';

export type ThreadData = { dataDir: string; logLevel: string };

type Event = { [Kind in keyof RunQueueEvents]: { [Name in Kind]: Parameters<RunQueueEvents[Kind]>[0] } };
/** One of `{active}`, `{progress}` and `{settled}`. */
export type Report = Event[keyof Event];

/** What the queue thread does for the main thread. Watches and consumers are numbered by the main thread. */
export type ThreadMethods = {
  /** Answers when the queue is open. */
  ready(): void;
  add(job: RunJob): Promise<void>;
  remove(language: string, runId: string): Promise<boolean>;
  state(language: string, runId: string): Promise<{ state: JobState; value?: unknown; reason?: string }>;
  control(runId: string, control: RunControl): Promise<void>;
  workers(): Promise<Map<string, WorkerRegistration>>;
  register(workerId: string, registration: WorkerRegistration): Promise<void>;
  unregister(workerId: string): Promise<void>;
  watch(watchId: number, languages: string[]): Promise<void>;
  consume(consumerId: number, language: string, concurrency: number): Promise<void>;
  closeConsumer(consumerId: number, options: { graceMs?: number }): Promise<void>;
  progress(job: number, progress: RunProgress): Promise<void>;
  close(): Promise<void>;
};

/** What the main thread does for the queue thread, which numbers the jobs. */
export type NearMethods = {
  report(watchId: number, report: Report): void;
  run(consumerId: number, job: number, data: unknown): Promise<unknown>;
  abort(job: number, reason: AbortReason): void;
  steer(job: number, control: RunControl): void;
};
