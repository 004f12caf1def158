import type { RunHead } from './store.ts';

type Waiting = Pick<RunHead, 'id' | 'seq' | 'classroom_id' | 'user_id' | 'status'>;

/**
 * The place of a waiting run in the overall fair order, counted from 1; null once it does not wait. The order goes in
 * rounds: everybody's first run that has not ended, then everybody's second, and so on, each round in the order in which
 * the runs came. Someone whose first run is being executed waits with the next one in the second round.
 */
export function positionOf(live: readonly Waiting[], id: string): number | null {
  const lines = Map.groupBy(live, (run) => `${run.classroom_id} ${run.user_id}`);
  const waiting = [...lines.values()].flatMap((line) =>
    line
      .toSorted((a, b) => a.seq - b.seq)
      .map((run, round) => ({ run, round }))
      .filter(({ run }) => run.status === 'queued'),
  );
  const order = waiting.toSorted((a, b) => a.round - b.round || (a.run.id < b.run.id ? -1 : 1));
  const index = order.findIndex(({ run }) => run.id === id);
  return index === -1 ? null : index + 1;
}
