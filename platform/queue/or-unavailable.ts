import { AppError } from '#contract/errors.ts';
import { withDeadline } from '#platform/lifecycle.ts';

const answersWithinMs = 5_000;

/** Gives what the queue answers; AppError `unavailable` when it fails or takes over 5 s. Other AppErrors pass. */
export async function orUnavailable<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await withDeadline(work(), answersWithinMs, 'the run queue');
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError('unavailable', 'The queue of runs cannot be reached; try again.', { cause: error });
  }
}
