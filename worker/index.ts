import { availableParallelism } from 'node:os';
import { workerHeartbeatMs, type WorkerRegistration } from '#contract/run.ts';
import type { Clock } from '#platform/clock.ts';
import type { Config } from '#platform/config.ts';
import type { NewId } from '#platform/ids.ts';
import type { Log } from '#platform/log.ts';
import type { RunQueue } from '#platform/queue/run-queue.ts';
import type { Executor } from './executor.ts';
import { handleJob } from './handle-job.ts';
import { createSlots } from './slots.ts';
import { openWasmExecutor } from './wasm/executor.ts';

/** Runs in hand may end by themselves for this long when the worker closes. */
const graceMs = 1_000;

export type WorkerDeps = {
  queue: RunQueue;
  log: Log;
  clock: Clock;
  newId: NewId;
  config: { isolation: Config['workerIsolation'] };
};

function openExecutor({ log, config }: WorkerDeps): Executor {
  if (config.isolation === 'wasm' || config.isolation === 'auto') return openWasmExecutor({ log });
  throw new Error(
    `WORKER_ISOLATION=${config.isolation} cannot be had: this worker has the level wasm only. ` +
      'Set WORKER_ISOLATION=auto (or wasm), or run a worker of your own for other levels.',
  );
}

/**
 * Starts the reference worker: registers it in the queue every 5 s and runs the jobs of its languages, at most as many
 * at a time as there are processors to spare. Engines warm up in the background. Rejects when `WORKER_ISOLATION` asks for
 * a level that cannot be had. `close` gives runs in hand a second, then kills what is left.
 */
export async function startWorker(deps: WorkerDeps): Promise<{ close(): Promise<void> }> {
  const { queue, log, clock, newId } = deps;
  const executor = openExecutor(deps);
  const workerId = newId();
  const concurrency = Math.max(2, availableParallelism() - 1);
  const slots = createSlots(concurrency);

  const register = async () => {
    const { languages, limits, isolation } = executor;
    const registration: WorkerRegistration = {
      v: 1,
      languages,
      limits,
      isolation,
      slots: concurrency,
      heartbeatAt: clock.now(),
    };
    try {
      await queue.register(workerId, registration);
    } catch (error) {
      log.warn({ error, workerId }, 'the worker could not register; it tries again');
    }
  };

  const consumers = await Promise.all(
    executor.languages.map(({ id }) =>
      queue.consume(id, { concurrency }, (job, context) => handleJob({ executor, slots, clock }, job, context)),
    ),
  );
  await register();
  const heartbeat = setInterval(() => void register(), workerHeartbeatMs);
  log.info({ workerId, isolation: executor.isolation, slots: concurrency }, 'the worker takes runs');

  return {
    close: async () => {
      clearInterval(heartbeat);
      await queue.unregister(workerId).catch((error: unknown) => log.warn({ error }, 'the worker stays registered'));
      await Promise.all(consumers.map((consumer) => consumer.close({ graceMs })));
      await executor.close();
    },
  };
}
