import { setTimeout as delay } from 'node:timers/promises';
import { isFinal } from '#contract/run.ts';
import type { Bus } from '#platform/bus/bus.ts';

/** Waiting for the end of a run that is not stored yet, so that no end is too quick to be noticed. */
export type Watched = {
  /**
   * Polls `check` at each piece of news, and once a second in case one was lost, until it finds something; undefined when
   * `signal` aborts first.
   */
  until<T>(check: () => Promise<T | undefined>, signal: AbortSignal): Promise<T | undefined>;
  stop(): void;
};

export type RunNews = { watch(runId: string): Watched };

const pollMs = 1_000;

/** Hears from the bridge which runs have ended. */
export async function openRunNews(deps: { bus: Bus }): Promise<RunNews & { close(): Promise<void> }> {
  const wakers = new Map<string, () => void>();
  const unsubscribe = await deps.bus.subscribe('run.updated', ({ run }) => {
    if (isFinal(run.status)) wakers.get(run.runId)?.();
  });
  const closing = new AbortController();
  return {
    watch(runId) {
      let news = Promise.withResolvers<void>();
      wakers.set(runId, () => news.resolve());
      return {
        async until(check, signal) {
          const stopped = AbortSignal.any([signal, closing.signal]);
          for (;;) {
            news = Promise.withResolvers();
            const found = await check();
            if (found !== undefined || stopped.aborted) return found;
            const tick = delay(pollMs, undefined, { signal: stopped, ref: false }).catch(() => undefined);
            await Promise.race([news.promise, tick]);
          }
        },
        stop: () => void wakers.delete(runId),
      };
    },
    async close() {
      closing.abort();
      await unsubscribe();
    },
  };
}
