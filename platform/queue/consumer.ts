import type { Job } from 'bullmq';
import { withDeadline } from '#platform/lifecycle.ts';
import type { Log } from '#platform/log.ts';
import type { Engine } from './engine.ts';
import { createJobContext, type SteeredJob } from './job-context.ts';
import type { Parts } from './parts.ts';
import type { Consumer, RunQueue } from './run-queue.ts';

/** How long handlers that have been aborted are waited for. */
const abortedMs = 3_000;

/** A BullMQ worker for one language, whose jobs can be steered. */
export async function openConsumer<C>(deps: {
  engine: Engine<C>;
  parts: Parts<C>;
  log: Log;
  language: string;
  concurrency: number;
  handler: Parameters<RunQueue['consume']>[2];
}): Promise<Consumer> {
  const { engine, parts, log, language, concurrency, handler } = deps;
  const running = new Map<string, SteeredJob>();
  let whenIdle: (() => void) | undefined;

  async function run(job: Job<unknown>): Promise<unknown> {
    const runId = job.id!;
    const steered = createJobContext((progress) => job.updateProgress(progress));
    running.set(runId, steered);
    const stopListening = engine.control.listen(runId, steered.steer);
    try {
      return engine.codec.encode(await handler(engine.codec.decode(job.data), steered.context));
    } catch (error) {
      log.error({ runId, language, error }, 'a run could not be worked on');
      throw new Error(reasonOf(error), { cause: error });
    } finally {
      stopListening();
      running.delete(runId);
      if (running.size === 0) whenIdle?.();
    }
  }

  const worker = parts.worker(language, concurrency, run);
  worker.on('lockRenewalFailed', (runIds) => {
    for (const runId of runIds) running.get(runId)?.abort('lost');
  });
  await parts.ready(worker);

  return {
    async close({ graceMs = 0 } = {}) {
      const closing = parts.close(worker, graceMs + abortedMs);
      const idle = new Promise<void>((resolve) => {
        whenIdle = resolve;
        if (running.size === 0) resolve();
      });
      const idleWithin = (ms: number) =>
        withDeadline(idle, ms, 'ending the runs').then(
          () => true,
          () => false,
        );
      if (!(await idleWithin(graceMs))) {
        for (const steered of running.values()) steered.abort('shutdown');
        if (!(await idleWithin(abortedMs)))
          log.warn({ language, runIds: [...running.keys()] }, 'runs that do not end are left behind');
      }
      await closing;
    },
  };
}

/** What the queue keeps of an error: its message, without what PostgreSQL cannot store. */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replaceAll('\0', '').toWellFormed().slice(0, 1_000);
}
