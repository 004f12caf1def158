import { AppError } from '#contract/errors.ts';
import type { Bus } from '#platform/bus/bus.ts';
import type { Clock } from '#platform/clock.ts';
import type { Db } from '#platform/db/schema.ts';
import type { LoginSession } from '../http/authenticate.ts';
import { findLiveSession } from './store.ts';

const believedForMs = 5_000;
const maxRemembered = 20_000;

export type LiveSessions = {
  /** Throws `unavailable` when the database cannot be asked: no answer is never taken for a yes. */
  isLive(session: LoginSession): Promise<boolean>;
  /** From now on the session is over on this node, whatever a question under way finds. */
  forget(sessionId: string): void;
  close(): Promise<void>;
};

/**
 * Which login sessions still exist. The table is the truth; an answer is believed for five seconds, and dropped at once
 * when the session is ended on any node.
 */
export async function openLiveSessions(deps: { db: Db; bus: Bus; clock: Clock }): Promise<LiveSessions> {
  const { db, bus, clock } = deps;
  type Known = { until: number; userId: Promise<string | undefined> };
  const known = new Map<string, Known>();

  const remember = (sessionId: string, userId: Known['userId']) => {
    known.delete(sessionId);
    known.set(sessionId, { until: clock.now() + believedForMs, userId });
    if (known.size > maxRemembered) known.delete(known.keys().next().value!);
  };
  const ask = async (sessionId: string) => (await findLiveSession(db, sessionId, clock.now()))?.userId;
  const forget = (sessionId: string) => remember(sessionId, Promise.resolve(undefined));

  const unsubscribe = await bus.subscribe('session.revoked', ({ sessionId }) => forget(sessionId));
  return {
    forget,
    async isLive({ sessionId, userId }) {
      const entry = known.get(sessionId);
      if (entry === undefined || entry.until <= clock.now()) remember(sessionId, ask(sessionId));
      try {
        // Looked up again after waiting: the session may have been ended meanwhile.
        await known.get(sessionId)?.userId;
        return (await known.get(sessionId)?.userId) === userId;
      } catch (cause) {
        known.delete(sessionId);
        throw new AppError('unavailable', 'Sessions cannot be checked right now; try again in a moment.', { cause });
      }
    },
    close: unsubscribe,
  };
}
