/**
 * How much one person may send, over all their sockets. Per person and not per address: a class sits behind one address.
 * Bursts pass; whoever goes on is read more slowly, so nothing of theirs is lost and nobody else notices.
 */
export interface Budgets {
  /** Takes what a frame costs. Returns for how long, in ms, nothing more should be read from this person; 0: go on. */
  spend(userId: string, cost: { frames: number; bytes: number }): number;
  /** Forgets people who have not sent for a while. */
  sweep(): void;
}

/** A socket that is not read for longer would miss its pongs. */
const longestPauseMs = 5_000;

/** `rates` are what a person may send a second for as long as they like. Contract §6: 1.5 MB/s and 200 frames/s pass. */
export function createBudgets(deps: { now: () => number; rates: { frames: number; bytes: number } }): Budgets {
  const { now, rates } = deps;
  // A text of the largest size for one frame, brought back from a train, passes at once.
  const bursts = { frames: 2 * rates.frames, bytes: 4 * rates.bytes };
  const people = new Map<string, { frames: number; bytes: number; at: number }>();

  return {
    spend(userId, cost) {
      const at = now();
      const left = people.get(userId) ?? { ...bursts, at };
      people.set(userId, left);
      const seconds = (at - left.at) / 1_000;
      left.at = at;
      left.frames = Math.min(left.frames + seconds * rates.frames, bursts.frames) - cost.frames;
      left.bytes = Math.min(left.bytes + seconds * rates.bytes, bursts.bytes) - cost.bytes;
      const owed = Math.max(-left.frames / rates.frames, -left.bytes / rates.bytes, 0);
      return Math.min(Math.ceil(owed * 1_000), longestPauseMs);
    },
    sweep() {
      const full = Math.max(bursts.frames / rates.frames, bursts.bytes / rates.bytes) * 1_000;
      for (const [userId, { at }] of people) if (now() - at > full + longestPauseMs) people.delete(userId);
    },
  };
}
