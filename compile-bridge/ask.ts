import { AppError } from '#contract/errors.ts';
import type { RunQueue } from '#platform/queue/run-queue.ts';

/** Asks the queue something; rejects as AppError `unavailable` while it is away. */
export type Ask = <T>(question: (queue: RunQueue) => Promise<T>) => Promise<T>;

const slowMs = 1_000;
const pauseMs = 2_000;

/**
 * A queue that fails slowly, and it may take 5 s to do so, is left alone for a while: a hundred runs to look after do not
 * wait a hundred times. Every question may be asked twice; an answer that comes late does no harm.
 */
export function createAsk(queue: RunQueue): Ask {
  let awayUntil = 0;
  return async (question) => {
    const askedAt = performance.now();
    if (askedAt < awayUntil) throw new AppError('unavailable', 'The queue of runs is away.');
    try {
      return await question(queue);
    } catch (error) {
      if (performance.now() > askedAt + slowMs) awayUntil = performance.now() + pauseMs;
      throw error;
    }
  };
}
