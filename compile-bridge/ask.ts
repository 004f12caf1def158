import { AppError } from '#contract/errors.ts';
import type { Clock } from '#platform/clock.ts';
import type { RunQueue } from '#platform/queue/run-queue.ts';

/** Asks the queue something; rejects as AppError `unavailable` while it is away. */
export type Ask = <T>(question: (queue: RunQueue) => Promise<T>) => Promise<T>;

const pauseMs = 2_000;

/**
 * A queue that could not answer, which it may take 5 s to find out, is left alone for a while: a hundred runs to look
 * after do not wait a hundred times. Every question may be asked twice; an answer that comes late does no harm.
 */
export function createAsk({ queue, clock }: { queue: RunQueue; clock: Clock }): Ask {
  let awayUntil = 0;
  return async (question) => {
    if (clock.now() < awayUntil) throw new AppError('unavailable', 'The queue of runs is away.');
    try {
      return await question(queue);
    } catch (error) {
      if (error instanceof AppError && error.code === 'unavailable') awayUntil = clock.now() + pauseMs;
      throw error;
    }
  };
}
