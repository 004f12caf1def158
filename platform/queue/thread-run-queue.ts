import { Worker } from 'node:worker_threads';
import { AppError } from '#contract/errors.ts';
import { withDeadline } from '#platform/lifecycle.ts';
import type { Log } from '#platform/log.ts';
import { createJobContext, type SteeredJob } from './job-context.ts';
import { orUnavailable } from './or-unavailable.ts';
import { connectPeer } from './peer.ts';
import type { RunQueue, RunQueueEvents } from './run-queue.ts';
import type { NearMethods, ThreadData, ThreadMethods } from './thread-methods.ts';

type Handler = Parameters<RunQueue['consume']>[2];

const closesWithinMs = 10_000;

/**
 * The embedded queue: BullMQ and PGlite in a thread, with their files in `<dataDir>/queue`. Resolves when it works, which
 * takes some seconds the first time. If the thread fails, whatever is asked of it fails until the process is restarted.
 */
export async function openThreadRunQueue(deps: { dataDir: string; log: Log }): Promise<RunQueue> {
  const { dataDir, log } = deps;
  const watches = new Map<number, RunQueueEvents>();
  const handlers = new Map<number, Handler>();
  const running = new Map<number, SteeredJob>();
  let numbers = 0;

  const near: NearMethods = {
    report(watchId, report) {
      const events = watches.get(watchId);
      if ('active' in report) events?.active(report.active);
      else if ('progress' in report) events?.progress(report.progress);
      else events?.settled(report.settled);
    },
    async run(consumerId, job, data) {
      const handler = handlers.get(consumerId);
      if (handler === undefined) throw new Error('nobody works on this language any more');
      const steered = createJobContext((progress) => thread.call('progress', job, progress));
      running.set(job, steered);
      try {
        return await handler(data, steered.context);
      } finally {
        running.delete(job);
      }
    },
    abort: (job, reason) => running.get(job)?.abort(reason),
    steer: (job, control) => running.get(job)?.steer(control),
  };

  const worker = new Worker(new URL('./queue-thread.ts', import.meta.url), {
    name: 'run-queue',
    workerData: { dataDir, logLevel: log.level } satisfies ThreadData,
  });
  const thread = connectPeer<ThreadMethods>(worker, near, (error) => log.error({ error }, 'a queue listener failed'));
  let alive = true;
  let failure: unknown;
  worker.on('error', (error) => {
    failure = error;
    log.fatal({ error }, 'the thread of the run queue failed; restart the process');
  });
  worker.on('exit', () => {
    alive = false;
    thread.end(new AppError('unavailable', 'The queue of runs has stopped; restart the server.', { cause: failure }));
    for (const job of running.values()) job.abort('lost');
  });

  await thread.call('ready').catch(() => {
    throw new Error(`the run queue cannot be opened in ${dataDir}`, { cause: failure });
  });

  return {
    add: (job) => orUnavailable(() => thread.call('add', job)),
    remove: (language, runId) => orUnavailable(() => thread.call('remove', language, runId)),
    state: (language, runId) => orUnavailable(() => thread.call('state', language, runId)),
    control: (runId, control) => orUnavailable(() => thread.call('control', runId, control)),
    workers: () => orUnavailable(() => thread.call('workers')),
    register: (workerId, registration) => orUnavailable(() => thread.call('register', workerId, registration)),
    unregister: (workerId) => orUnavailable(() => thread.call('unregister', workerId)),

    async watch(languages, events) {
      const watchId = (numbers += 1);
      watches.set(watchId, events);
      await thread.call('watch', watchId, languages);
    },

    async consume(language, { concurrency }, handler) {
      const consumerId = (numbers += 1);
      handlers.set(consumerId, handler);
      await thread.call('consume', consumerId, language, concurrency);
      return {
        async close(options = {}) {
          if (alive) await thread.call('closeConsumer', consumerId, options);
          handlers.delete(consumerId);
        },
      };
    },

    healthy: () => alive,

    async close() {
      try {
        if (alive) await withDeadline(thread.call('close'), closesWithinMs, 'closing the run queue');
      } finally {
        await worker.terminate();
      }
    },
  };
}
