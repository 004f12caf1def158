import { AppError } from '#contract/errors.ts';

export type Gate = <T>(work: () => Promise<T>) => Promise<T>;

/**
 * Lets `width` pieces of work through at a time, first come first served, so that a whole class signing in at once
 * leaves threads and memory to everybody else. Beyond `maxWaiting` it answers `unavailable` at once.
 */
export function createGate(options: { width: number; maxWaiting: number }): Gate {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (work) => {
    if (running >= options.width) {
      if (waiting.length >= options.maxWaiting)
        throw new AppError('unavailable', 'Too many people are signing in; try again in a moment.', {
          retryAfterSeconds: 5,
        });
      // Whoever leaves hands its place over, so `running` does not change.
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else running += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
}
