import { createHash, randomBytes } from 'node:crypto';
import { AppError } from '#contract/errors.ts';
import type { Session as SessionAnswer } from '#contract/api/accounts.ts';
import type { Db } from '#platform/db/schema.ts';
import type { ApiDeps } from '../deps.ts';
import type { LiveSessions } from './live-sessions.ts';
import {
  deleteOldSessions,
  findRefreshToken,
  findUser,
  insertRefreshToken,
  insertSession,
  liveSessionIds,
  prolongSession,
  revokeSessions,
  spendRefreshToken,
  type UserRow,
} from './store.ts';
import { toUser } from './user.ts';

/*
 * Login sessions after RFC 9700 §4.14: a refresh token is used once and answered with the next one. One that comes back
 * later was copied, so the session ends for whoever holds it. Tabs that race within the grace are not thieves.
 */

export const refreshGraceMs = 20_000;
/** A session ends this long after its last refresh. */
export const sessionLifetimeMs = 30 * 24 * 60 * 60 * 1000;

export type SessionDeps = Pick<ApiDeps, 'db' | 'bus' | 'clock' | 'newId' | 'tokens'> & { liveSessions: LiveSessions };

export type Opened = { answer: Omit<SessionAnswer, 'refreshToken'>; refreshToken: string };

const hashOf = (token: string) => createHash('sha256').update(token).digest('hex');

async function issueRefreshToken(deps: SessionDeps, db: Db, sessionId: string): Promise<string> {
  const token = randomBytes(32).toString('base64url');
  await insertRefreshToken(db, { id: deps.newId(), sessionId, hash: hashOf(token), now: deps.clock.now() });
  return token;
}

function opened(deps: SessionDeps, user: UserRow, sessionId: string, refreshToken: string): Opened {
  const { token, expiresIn } = deps.tokens.sign('access', { sub: user.id, sid: sessionId });
  return { answer: { user: toUser(user), accessToken: token, expiresIn }, refreshToken };
}

/** Opens a login session for someone whose password, or whose registration, was just accepted. */
export async function openSession(deps: SessionDeps, user: UserRow, userAgent: string): Promise<Opened> {
  const now = deps.clock.now();
  const sessionId = deps.newId();
  const refreshToken = await deps.db.transaction().execute(async (trx) => {
    await deleteOldSessions(trx, user.id, now - sessionLifetimeMs);
    await insertSession(trx, {
      id: sessionId,
      userId: user.id,
      userAgent: userAgent.slice(0, 255),
      now,
      expiresAt: now + sessionLifetimeMs,
    });
    return issueRefreshToken(deps, trx, sessionId);
  });
  return opened(deps, user, sessionId, refreshToken);
}

/** Exchanges a refresh token for a fresh pair. Throws `refresh-invalid`, or `refresh-reused` after ending the session. */
export async function refreshSession(deps: SessionDeps, token: string): Promise<Opened> {
  const { db, clock } = deps;
  const now = clock.now();
  const found = await findRefreshToken(db, hashOf(token), now);
  const user = found?.live === true ? await findUser(db, found.userId) : undefined;
  if (found === undefined || user === undefined) throw new AppError('refresh-invalid', 'Sign in again.');
  if (found.spentAt !== null && now - found.spentAt > refreshGraceMs) {
    await endSessions(deps, [found.sessionId]);
    throw new AppError('refresh-reused', 'This refresh token was used before. The session was ended; sign in again.');
  }
  const next = await db.transaction().execute(async (trx) => {
    // Of two racing refreshes one marks the token; both are within the grace and both get a pair.
    await spendRefreshToken(trx, found.id, now);
    await prolongSession(trx, found.sessionId, now, now + sessionLifetimeMs);
    return issueRefreshToken(deps, trx, found.sessionId);
  });
  return opened(deps, user, found.sessionId, next);
}

/** Ends sessions for good: in the table, on this node at once, on every other by the bus. */
export async function endSessions(deps: SessionDeps, sessionIds: readonly string[]): Promise<void> {
  await revokeSessions(deps.db, sessionIds, deps.clock.now());
  for (const sessionId of sessionIds) deps.liveSessions.forget(sessionId);
  await Promise.all(sessionIds.map((sessionId) => deps.bus.publish('session.revoked', { sessionId })));
}

export async function endAllSessions(deps: SessionDeps, userId: string): Promise<void> {
  await endSessions(deps, await liveSessionIds(deps.db, userId, deps.clock.now()));
}

/** The living session that a refresh token belongs to. */
export async function sessionOfRefreshToken(
  deps: SessionDeps,
  token: string,
): Promise<{ userId: string; sessionId: string } | undefined> {
  const found = await findRefreshToken(deps.db, hashOf(token), deps.clock.now());
  return found?.live === true ? { userId: found.userId, sessionId: found.sessionId } : undefined;
}
