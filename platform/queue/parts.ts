import type { BackendClasses, IQueueBackend, Processor } from 'bullmq';
import { withDeadline } from '#platform/lifecycle.ts';
import type { Log } from '#platform/log.ts';
import type { Engine } from './engine.ts';

type Classes<C> = BackendClasses<IQueueBackend, C>;
export type Queue<C> = InstanceType<Classes<C>['Queue']>;
export type QueueEvents<C> = InstanceType<Classes<C>['QueueEvents']>;
export type Worker<C> = InstanceType<Classes<C>['Worker']>;

/** How many events of a queue are kept for watchers that were cut off; each `completed` holds a whole result. */
export const keptEvents = 1_000;

const readyWithinMs = 4_000;
const closesWithinMs = 3_000;

/** BullMQ's objects, made as the queue contract says and remembered from the first moment, so that none outlives us. */
export interface Parts<C> {
  queue(language: string): Queue<C>;
  events(language: string, lastEventId: string): QueueEvents<C>;
  worker(language: string, concurrency: number, run: Processor<unknown, unknown>): Worker<C>;
  /** A worker that takes no jobs but looks after those whose worker has died. */
  checker(language: string): Worker<C>;
  /** Resolves to the part when it works; closes it and rejects when that takes over 4 s. */
  ready<P extends Part>(part: P): Promise<P>;
  /**
   * Closes one part: it begins nothing more at once, and is waited for for a while (default 3 s). BullMQ does not come to
   * the end of it while Redis is away; it does when Redis is back or the engine is closed.
   */
  close(part: Part, withinMs?: number): Promise<void>;
  closeAll(): Promise<void>;
}

type Part = { waitUntilReady(): Promise<void>; close(): Promise<void>; getBackend(): IQueueBackend };

export function createParts<C>(deps: { engine: Engine<C>; log: Log }): Parts<C> {
  const { engine, log } = deps;
  const { Queue, QueueEvents, Worker } = engine.classes;
  const { commands, loops } = engine.connections;
  const { prefix, waitSeconds } = engine;
  // A job whose worker has died fails; it might have been what killed the worker.
  const stallOptions = { maxStalledCount: 0, stalledInterval: 2_000, lockDuration: engine.lockMs };
  const open = new Set<Part>();
  const nameOf = (language: string) => `run-${language}`;

  function keep<P extends Part & { on(event: 'error', listener: (error: Error) => void): unknown }>(part: P): P {
    open.add(part);
    // During an outage each part repeats what the connection has said.
    part.on('error', (error) => log[engine.healthy() ? 'warn' : 'debug']({ error }, 'error of the run queue'));
    return part;
  }

  async function close(part: Part, withinMs = closesWithinMs): Promise<void> {
    open.delete(part);
    await withDeadline(part.close(), withinMs, 'closing a part of the run queue').catch((error: unknown) =>
      log.debug({ error }, 'a part of the run queue is left to end later'),
    );
  }

  return {
    queue: (language) =>
      keep(new Queue(nameOf(language), { connection: commands, prefix, streams: { events: { maxLen: keptEvents } } })),
    events: (language, lastEventId) =>
      keep(
        new QueueEvents(nameOf(language), {
          connection: loops,
          prefix,
          lastEventId,
          blockingTimeout: waitSeconds * 1_000,
        }),
      ),
    worker: (language, concurrency, run) =>
      keep(
        new Worker<unknown, unknown>(nameOf(language), run, {
          connection: loops,
          prefix,
          concurrency,
          drainDelay: waitSeconds,
          ...stallOptions,
        }),
      ),
    checker: (language) =>
      keep(new Worker(nameOf(language), null, { connection: loops, prefix, autorun: false, ...stallOptions })),
    async ready(part) {
      try {
        await withDeadline(part.waitUntilReady(), readyWithinMs, 'opening a part of the run queue');
        return part;
      } catch (error) {
        await close(part);
        throw error;
      }
    },
    close,
    closeAll: async () => void (await Promise.all([...open].map((part) => close(part)))),
  };
}
