import { AppError } from '#contract/errors.ts';
import type { Log } from '#platform/log.ts';
import { openConsumer } from './consumer.ts';
import type { Engine } from './engine.ts';
import { createParts, type Queue } from './parts.ts';
import { orUnavailable } from './or-unavailable.ts';
import type { Consumer, JobState, RunQueue, RunQueueEvents } from './run-queue.ts';
import { watchQueue } from './watcher.ts';

/** `sizeLimit` of the queue contract: bytes of a job as JSON. */
const maxJobBytes = 1024 * 1024;

const jobOptions = {
  attempts: 1,
  removeOnComplete: { age: 3_600, count: 1_000 },
  removeOnFail: { age: 86_400 },
  // Stacks tell about this machine, and the reason is enough.
  stackTraceLimit: 0,
} as const;

/** The states that BullMQ knows; those that none of our jobs reaches count as waiting. */
function stateOf(bullState: string): JobState {
  if (bullState === 'active' || bullState === 'completed' || bullState === 'failed') return bullState;
  return bullState === 'unknown' ? 'absent' : 'waiting';
}

/** The queue of runs by BullMQ on any engine. */
export function createBullmqRunQueue<C>(deps: { engine: Engine<C>; log: Log }): RunQueue {
  const { engine, log } = deps;
  const parts = createParts({ engine, log });
  const queues = new Map<string, Promise<Queue<C>>>();
  const watched = new Map<string, Promise<Set<RunQueueEvents>>>();
  const consumers = new Set<Consumer>();

  const within = <T>(work: () => Promise<T>) =>
    orUnavailable(() => {
      if (!engine.healthy()) throw new Error('the queue is away');
      return work();
    });

  /** Opens something once for each language; what could not be opened is tried again by the next caller. */
  function once<T>(opened: Map<string, Promise<T>>, language: string, open: () => Promise<T>): Promise<T> {
    const known = opened.get(language);
    if (known !== undefined) return known;
    const opening = open();
    opened.set(language, opening);
    opening.catch(() => opened.delete(language));
    return opening;
  }

  const queueOf = (language: string) => once(queues, language, () => parts.ready(parts.queue(language)));

  const listenersOf = (language: string) =>
    once(watched, language, async () =>
      watchQueue({ parts, queue: await queueOf(language), codec: engine.codec, log, language }),
    );

  async function look(queue: Queue<C>, runId: string): ReturnType<RunQueue['state']> {
    const state = stateOf(await queue.getJobState(runId));
    // Read after the state, so that a job which ends between the two has its value.
    const job = state === 'absent' ? undefined : await queue.getJob(runId);
    if (job === undefined) return { state: 'absent' };
    if (state === 'completed') return { state, value: engine.codec.decode(job.returnvalue) };
    if (state === 'failed') return { state, reason: job.failedReason };
    // Its worker has died; it only waits to be put among the failed ones.
    if (state === 'waiting' && job.deferredFailure) return { state: 'failed', reason: job.deferredFailure };
    return { state };
  }

  return {
    add: (job) =>
      within(async () => {
        if (Buffer.byteLength(JSON.stringify(job)) > maxJobBytes)
          throw new AppError(
            'source-too-large',
            'The program and its input are over 1 MiB together; make them smaller.',
          );
        const queue = await queueOf(job.language);
        await queue.add('run', engine.codec.encode(job), { jobId: job.runId, ...jobOptions });
      }),

    remove: (language, runId) =>
      within(async () => {
        const queue = await queueOf(language);
        return (await look(queue, runId)).state === 'waiting' && (await queue.remove(runId)) === 1;
      }),

    state: (language, runId) => within(async () => look(await queueOf(language), runId)),

    async watch(languages, events) {
      await Promise.all(
        languages.map((language) => within(async () => void (await listenersOf(language)).add(events))),
      );
    },

    control: (runId, control) => within(() => engine.control.send(runId, control)),
    workers: () => within(() => engine.registry.live()),
    register: (workerId, registration) => within(() => engine.registry.set(workerId, registration)),
    unregister: (workerId) => within(() => engine.registry.delete(workerId)),

    async consume(language, { concurrency }, handler) {
      const consumer = await within(() => openConsumer({ engine, parts, log, language, concurrency, handler }));
      consumers.add(consumer);
      return {
        async close(options) {
          consumers.delete(consumer);
          await consumer.close(options);
        },
      };
    },

    healthy: () => engine.healthy(),

    async close() {
      const closing = Promise.all([...[...consumers].map((consumer) => consumer.close()), parts.closeAll()]);
      // What cannot be ended in order ends with its connection.
      if (engine.healthy()) await closing;
      await engine.close();
      await closing;
    },
  };
}
