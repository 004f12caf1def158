import type { Kysely } from 'kysely';
import { defaultCompileLimits, defaultRunLimits } from '#contract/run.ts';
import type { Bus } from '#platform/bus/bus.ts';
import type { Clock } from '#platform/clock.ts';
import type { Schema } from '#platform/db/schema.ts';
import type { Log } from '#platform/log.ts';
import type { RunQueue } from '#platform/queue/run-queue.ts';
import { createAsk } from './ask.ts';
import type { Bridge, BridgeConfig } from './bridge.ts';
import { progressed, settled, taken } from './news.ts';
import { createSerial } from './serial.ts';
import { liveRun } from './store.ts';
import { cancel, sweep } from './sweep.ts';
import { advance } from './turns.ts';

const defaults: BridgeConfig = {
  sweepMs: 1_000,
  recheckMs: 15_000,
  cancelGraceMs: 5_000,
  // A worker that lives renews its lock; this is for one that lives and yet never ends. Starting cold may take it long.
  activeMs: defaultCompileLimits.wallMs + defaultRunLimits.wallMs + 35_000,
};

/**
 * Starts the way of a stored run to a worker and of its result back: picks up what the API has stored as `queued`,
 * dispatches it in a fair order, stores and announces every state, and sees to it that each run ends exactly once.
 *
 * All that must not be lost is in the `runs` table. Several bridges may run at once: adding a run to the queue twice adds
 * it once, and every change of state is an UPDATE that names the states it may leave, so that only one of them makes it.
 * Resolves when the first pass over the stored runs is made, or has failed and will be made again.
 */
export async function startCompileBridge(deps: {
  db: Kysely<Schema>;
  bus: Bus;
  queue: RunQueue;
  log: Log;
  clock: Clock;
  config?: Partial<BridgeConfig>;
}): Promise<{ close(): Promise<void> }> {
  const { db, bus, queue, log, clock } = deps;
  const config = { ...defaults, ...deps.config };
  const working = new Set<Promise<void>>();
  const followed = new Map<string, Promise<void>>();
  let closed = false;
  let failing = false;
  let timer: NodeJS.Timeout | undefined;

  const bridge: Bridge = {
    db,
    bus,
    ask: createAsk(queue),
    log,
    clock,
    config,
    serial: createSerial(),
    inQueue: new Map(),
    follow(language) {
      const known = followed.get(language);
      if (known !== undefined) return known;
      const begun = bridge.ask((asked) => asked.watch([language], events));
      followed.set(language, begun);
      begun.catch(() => followed.delete(language));
      return begun;
    },
    begin(what, work) {
      const task = work()
        .then(() => undefined)
        .catch((error: unknown) => log.warn({ error }, `${what} failed; the next sweep makes up for it`))
        .finally(() => working.delete(task));
      working.add(task);
    },
  };

  const inOrder = (what: string, id: string, work: () => Promise<unknown>) => {
    if (!closed) bridge.begin(what, () => bridge.serial.run(id, work));
  };

  const events: Parameters<RunQueue['watch']>[1] = {
    active: ({ runId, language }) =>
      inOrder('noting that a run was taken', runId, () => taken(bridge, { id: runId, language })),
    progress: ({ runId, progress }) =>
      inOrder('noting the stage of a run', runId, () => progressed(bridge, runId, progress.status)),
    settled: (news) => inOrder('storing the result of a run', news.runId, () => settled(bridge, news)),
  };

  const pass = async () => {
    try {
      await sweep(bridge);
      if (failing) log.info('runs are looked after again');
      failing = false;
    } catch (error) {
      // Said once: while the queue or the database is away every pass fails.
      if (!failing && !closed) log.error({ error }, 'looking after the runs failed; trying again');
      failing = true;
    }
  };
  let passing = Promise.resolve();
  const tick = () => {
    passing = pass().finally(() => {
      if (!closed) timer = setTimeout(tick, config.sweepMs);
    });
  };

  const unsubscribe = [
    await bus.subscribe('run.requested', ({ runId }) =>
      bridge.begin('taking a run', async () => {
        const run = await liveRun(db, runId);
        if (run !== undefined) await advance(bridge, run);
      }),
    ),
    await bus.subscribe('run.cancel-requested', ({ runId }) =>
      inOrder('cancelling a run', runId, async () => {
        const run = await liveRun(db, runId);
        if (run !== undefined && run.cancel_requested_at !== null) await cancel(bridge, run);
      }),
    ),
  ];
  tick();
  await passing;

  return {
    async close() {
      closed = true;
      clearTimeout(timer);
      await Promise.all(unsubscribe.map((stop) => stop()));
      await passing;
      // What ends now may begin its announcement; nothing new comes in.
      while (working.size > 0) await Promise.all(working);
    },
  };
}
