import type { Clock } from '#platform/clock.ts';

/**
 * Counts events per key over the last `windowMs`. Kept in memory, at most `maxKeys` keys (the longest untouched go
 * first): it slows guessing down on each node and is no accounting.
 */
export type SlidingWindow = {
  /** Seconds until one more event is allowed; 0 when it is allowed now. */
  waitSeconds(key: string): number;
  record(key: string): void;
};

export function createSlidingWindow(options: {
  limit: number;
  windowMs: number;
  clock: Clock;
  maxKeys?: number;
}): SlidingWindow {
  const { limit, windowMs, clock, maxKeys = 20_000 } = options;
  const eventsByKey = new Map<string, number[]>();

  const recent = (key: string): number[] => {
    const since = clock.now() - windowMs;
    return (eventsByKey.get(key) ?? []).filter((time) => time > since);
  };
  return {
    waitSeconds(key) {
      const events = recent(key);
      const oldest = events.at(-limit);
      return oldest === undefined ? 0 : Math.ceil((oldest + windowMs - clock.now()) / 1000);
    },
    record(key) {
      const events = [...recent(key), clock.now()].slice(-limit);
      // A Map keeps the order of insertion: touching a key moves it to the end.
      eventsByKey.delete(key);
      eventsByKey.set(key, events);
      if (eventsByKey.size > maxKeys) eventsByKey.delete(eventsByKey.keys().next().value!);
    },
  };
}
