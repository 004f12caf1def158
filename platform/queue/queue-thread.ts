import path from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import type { RunProgress } from '#contract/run.ts';
import { createLog } from '#platform/log.ts';
import { createBullmqRunQueue } from './bullmq-run-queue.ts';
import { connectPeer } from './peer.ts';
import { openPgliteEngine } from './pglite-engine.ts';
import type { Consumer } from './run-queue.ts';
import type { NearMethods, ThreadData, ThreadMethods } from './thread-methods.ts';

// The thread of the embedded queue: all of BullMQ together with PGlite, which computes in the event loop of whoever uses
// it. Handlers run in the main thread; their jobs go there and their results come back.

const { dataDir, logLevel } = workerData as ThreadData;
const log = createLog({ level: logLevel });
const engine = await openPgliteEngine({ folder: path.join(dataDir, 'queue'), log });
const queue = createBullmqRunQueue({ engine, log });
const consumers = new Map<number, Consumer>();
const reporters = new Map<number, (progress: RunProgress) => Promise<void>>();
let jobs = 0;

const methods: ThreadMethods = {
  ready: () => undefined,
  add: queue.add,
  remove: queue.remove,
  state: queue.state,
  control: queue.control,
  workers: queue.workers,
  register: queue.register,
  unregister: queue.unregister,
  close: queue.close,

  watch: (watchId, languages) =>
    queue.watch(languages, {
      active: (active) => near.tell('report', watchId, { active }),
      progress: (progress) => near.tell('report', watchId, { progress }),
      settled: (settled) => near.tell('report', watchId, { settled }),
    }),

  async consume(consumerId, language, concurrency) {
    const consumer = await queue.consume(language, { concurrency }, async (data, context) => {
      jobs += 1;
      const job = jobs;
      reporters.set(job, context.progress);
      try {
        const result = near.call('run', consumerId, job, data);
        context.onControl((control) => near.tell('steer', job, control));
        context.signal.addEventListener('abort', () => near.tell('abort', job, context.signal.reason));
        return await result;
      } finally {
        reporters.delete(job);
      }
    });
    consumers.set(consumerId, consumer);
  },
  progress: async (job, progress) => reporters.get(job)?.(progress),
  async closeConsumer(consumerId, options) {
    await consumers.get(consumerId)?.close(options);
    consumers.delete(consumerId);
  },
};

const near = connectPeer<NearMethods>(parentPort!, methods, (error) => log.error({ error }, 'the queue thread erred'));
