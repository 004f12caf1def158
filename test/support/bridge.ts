import { after, before } from 'node:test';
import { runJobSchema } from '#contract/run.ts';
import { systemClock } from '#platform/clock.ts';
import type { JobContext, RunQueue } from '#platform/queue/index.ts';
import type { BridgeConfig } from '../../compile-bridge/bridge.ts';
import { startCompileBridge } from '../../compile-bridge/index.ts';
import { testLog } from './databases.ts';
import { openRunBench, type RunBench, type runPlaces } from './runs.ts';

/** A sweep that comes too seldom to help: whatever happens within a test was brought by messages. */
export const onMessages = { sweepMs: 600_000 };
export const quick = { sweepMs: 20, recheckMs: 100, cancelGraceMs: 300 };

/** The answer of a worker whose program printed 42. */
export const okay = (runId: string, more: object = {}) => ({
  v: 1,
  runId,
  status: 'ok',
  exitCode: 0,
  stdout: '42\n',
  stderr: '',
  ...more,
});

/** A handler whose runs end when the test says so, or when they are cancelled. */
export function heldWorker() {
  const begun: string[] = [];
  const releases = new Map<string, () => void>();
  const handler = async (data: unknown, { signal }: JobContext) => {
    const { runId } = runJobSchema.parse(data);
    begun.push(runId);
    await new Promise<void>((resolve) => {
      releases.set(runId, resolve);
      signal.addEventListener('abort', () => resolve());
    });
    return okay(runId, signal.aborted ? { status: 'cancelled', exitCode: null } : {});
  };
  return { begun, handler, release: (runId: string) => releases.get(runId)!() };
}

/** The stores of one place for all tests of a file, opened before the first and closed after the last. */
export function bridgeStores(place: (typeof runPlaces)[number]) {
  const stores = {} as { bench: RunBench; queue: RunQueue };
  if (place.skip === false) {
    before(async () => {
      [stores.bench, stores.queue] = await Promise.all([place.database.open().then(openRunBench), place.queue.open()]);
    });
    after(async () => {
      await stores.queue.close();
      await stores.bench.close();
    });
  }
  return {
    stores,
    start(config: Partial<BridgeConfig>) {
      const { bench, queue } = stores;
      return startCompileBridge({ db: bench.db, bus: bench.bus, queue, log: testLog, clock: systemClock, config });
    },
    request: (runId: string) => stores.bench.bus.publish('run.requested', { runId }),
    /** Stores the wish and tells it, as the API does. */
    async cancel(runId: string) {
      const { db, bus } = stores.bench;
      await db.updateTable('runs').set({ cancel_requested_at: Date.now() }).where('id', '=', runId).execute();
      await bus.publish('run.cancel-requested', { runId });
    },
  };
}
