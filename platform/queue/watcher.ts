import { runProgressSchema } from '#contract/run.ts';
import type { Log } from '#platform/log.ts';
import type { Codec } from './engine.ts';
import { keptEvents, type Parts, type Queue } from './parts.ts';
import type { RunQueueEvents, Settled } from './run-queue.ts';

/**
 * Reports the events of one queue, from now on, to the listeners that are added to the set it resolves to. It also looks
 * for jobs whose worker has died: BullMQ leaves that to the workers, and would say nothing when the only one is gone.
 */
export async function watchQueue<C>(deps: {
  parts: Parts<C>;
  queue: Queue<C>;
  codec: Codec;
  log: Log;
  language: string;
}): Promise<Set<RunQueueEvents>> {
  const { parts, queue, codec, log, language } = deps;
  const listeners = new Set<RunQueueEvents>();

  function tell(report: (listener: RunQueueEvents) => void): void {
    for (const listener of listeners) {
      try {
        report(listener);
      } catch (error) {
        log.error({ language, error }, 'a listener of queue events failed');
      }
    }
  }
  const settle = (settled: Settled) => tell((listener) => listener.settled(settled));

  // An entry of our own marks where to begin; "now" would mean whenever the first read happens to arrive.
  const lastEventId = await queue.getBackend().publishEvent({ event: 'watched' }, keptEvents);
  const events = parts.events(language, lastEventId);
  events.on('active', ({ jobId }) => tell((listener) => listener.active({ runId: jobId, language })));
  events.on('progress', ({ jobId, data }) => {
    const progress = runProgressSchema.safeParse(data);
    if (progress.success) tell((listener) => listener.progress({ runId: jobId, language, progress: progress.data }));
  });
  events.on('completed', ({ jobId, returnvalue }) => {
    settle({ runId: jobId, language, outcome: 'completed', value: codec.decode(returnvalue) });
  });
  events.on('failed', ({ jobId, failedReason }) => {
    settle({ runId: jobId, language, outcome: 'failed', reason: failedReason });
  });
  // Such a job waits again, marked to be failed by the next worker that takes it; there may be none.
  events.on('stalled', ({ jobId }) => {
    queue.getJob(jobId).then(
      (job) => {
        const reason = job?.deferredFailure;
        if (reason) settle({ runId: jobId, language, outcome: 'failed', reason });
      },
      (error: unknown) => log.warn({ language, runId: jobId, error }, 'could not look at a stalled run'),
    );
  });

  await parts.ready(events);
  const checker = await parts.ready(parts.checker(language));
  await checker.startStalledCheckTimer();
  return listeners;
}
