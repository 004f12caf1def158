import type { BackendClasses, IQueueBackend } from 'bullmq';
import type { RunControl, WorkerRegistration } from '#contract/run.ts';

/** Control messages to runs, kept for a while so that they may be sent before the run is active. */
export interface ControlChannel {
  send(runId: string, control: RunControl): Promise<void>;
  /** Reports everything sent to the run, from the first message on and in order, until the returned function is called. */
  listen(runId: string, handler: (control: RunControl) => void): () => void;
}

export const controlKeptMs = 600_000;
export const controlKeptMessages = 10_000;

export interface WorkerRegistry {
  set(workerId: string, registration: WorkerRegistration): Promise<void>;
  delete(workerId: string): Promise<void>;
  /** Those that have registered within `workerGoneAfterMs`. */
  live(): Promise<Map<string, WorkerRegistration>>;
}

/** How values are kept in jobs, and how they are read again. */
export interface Codec {
  encode(value: unknown): unknown;
  decode(stored: unknown): unknown;
}

/** What differs between BullMQ on Redis and on PGlite. `C` is what BullMQ takes as `connection` there. */
export interface Engine<C> {
  readonly classes: BackendClasses<IQueueBackend, C>;
  /** For commands, which fail rather than wait for an outage to end, and for loops, which wait. */
  readonly connections: { readonly commands: C; readonly loops: C };
  readonly prefix: string;
  /** How long a job stays with a worker that does not renew its lock. */
  readonly lockMs: number;
  /** How long BullMQ's loops wait for news in one go before they look by themselves. */
  readonly waitSeconds: number;
  readonly codec: Codec;
  readonly control: ControlChannel;
  readonly registry: WorkerRegistry;
  healthy(): boolean;
  close(): Promise<void>;
}
