import { performance } from 'node:perf_hooks';

/** Something that happens `perSecond` times a second; `act` gets how often it is due, and does it so often. */
export type Actor = { perSecond: number; act: (times: number) => void };

/**
 * Runs the actors until `stop`, each at its own pace, their beginnings spread. What could not happen in time is made up
 * for, so that the rate holds while this process keeps up at all. `stop` answers by how much it did not, in the share
 * of what was due.
 */
export function startSchedule(actors: readonly Actor[]): () => number {
  const startedAt = performance.now();
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const done = actors.map(() => 0);
  const offsets = actors.map((actor, index) => (1_000 / actor.perSecond) * (index / actors.length));
  const dueAt = (index: number) => offsets[index]! + (done[index]! * 1_000) / actors[index]!.perSecond;

  function turn(): void {
    if (stopped) return;
    const elapsed = performance.now() - startedAt;
    let next = Infinity;
    for (let index = 0; index < actors.length; index += 1) {
      const actor = actors[index]!;
      const due = Math.floor(((elapsed - offsets[index]!) * actor.perSecond) / 1_000) + 1 - done[index]!;
      if (due > 0) {
        done[index]! += due;
        actor.act(due);
      }
      next = Math.min(next, dueAt(index));
    }
    timer = setTimeout(turn, Math.max(1, next - (performance.now() - startedAt)));
  }
  turn();

  return () => {
    stopped = true;
    clearTimeout(timer);
    const seconds = (performance.now() - startedAt) / 1_000;
    const due = actors.reduce((sum, { perSecond }) => sum + perSecond * seconds, 0);
    return due === 0 ? 0 : Math.max(0, 1 - done.reduce((sum, count) => sum + count, 0) / due);
  };
}
