import type { Db } from '#platform/db/schema.ts';

/** Accounts in SQL: the only writer of `users`, `sessions` and `refresh_tokens`. Times are epoch milliseconds. */

export type UserRow = {
  id: string;
  email: string;
  name: string;
  password_hash: string | null;
  locale: string;
  email_verified: number;
  is_admin: number;
  avatar_url: string | null;
};

const userColumns = [
  'id',
  'email',
  'name',
  'password_hash',
  'locale',
  'email_verified',
  'is_admin',
  'avatar_url',
] as const;

/** Rejects when the e-mail is taken. */
export async function insertUser(
  db: Db,
  user: { id: string; email: string; name: string; passwordHash: string | null; emailVerified?: boolean; now: number },
): Promise<void> {
  await db
    .insertInto('users')
    .values({
      id: user.id,
      email: user.email,
      name: user.name,
      password_hash: user.passwordHash,
      locale: 'en',
      email_verified: user.emailVerified === true ? 1 : 0,
      is_admin: 0,
      avatar_url: null,
      created_at: user.now,
    })
    .execute();
}

export function findUserByEmail(db: Db, email: string): Promise<UserRow | undefined> {
  return db.selectFrom('users').select(userColumns).where('email', '=', email).executeTakeFirst();
}

export function findUser(db: Db, id: string): Promise<UserRow | undefined> {
  return db.selectFrom('users').select(userColumns).where('id', '=', id).executeTakeFirst();
}

export async function hasUsers(db: Db): Promise<boolean> {
  return (await db.selectFrom('users').select('id').limit(1).executeTakeFirst()) !== undefined;
}

export async function updateUser(db: Db, id: string, change: { name?: string; locale?: string }): Promise<void> {
  if (Object.values(change).every((value) => value === undefined)) return;
  await db.updateTable('users').set(change).where('id', '=', id).execute();
}

export async function insertSession(
  db: Db,
  session: { id: string; userId: string; userAgent: string; now: number; expiresAt: number },
): Promise<void> {
  await db
    .insertInto('sessions')
    .values({
      id: session.id,
      user_id: session.userId,
      user_agent: session.userAgent,
      created_at: session.now,
      last_seen_at: session.now,
      expires_at: session.expiresAt,
      revoked_at: null,
    })
    .execute();
}

/** The owner of a session that can still be used; undefined for one that ended, expired or never was. */
export async function findLiveSession(db: Db, id: string, now: number): Promise<{ userId: string } | undefined> {
  const row = await db
    .selectFrom('sessions')
    .select('user_id')
    .where('id', '=', id)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', now)
    .executeTakeFirst();
  return row && { userId: row.user_id };
}

export async function prolongSession(db: Db, id: string, now: number, expiresAt: number): Promise<void> {
  await db.updateTable('sessions').set({ last_seen_at: now, expires_at: expiresAt }).where('id', '=', id).execute();
}

export async function liveSessionIds(db: Db, userId: string, now: number): Promise<string[]> {
  const rows = await db
    .selectFrom('sessions')
    .select('id')
    .where('user_id', '=', userId)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', now)
    .execute();
  return rows.map((row) => row.id);
}

export async function revokeSessions(db: Db, ids: readonly string[], now: number): Promise<void> {
  if (ids.length === 0) return;
  await db
    .updateTable('sessions')
    .set({ revoked_at: now })
    .where('id', 'in', [...ids])
    .where('revoked_at', 'is', null)
    .execute();
}

/** Forgets a person's sessions, and their refresh tokens, that ended or expired before `before`. */
export async function deleteOldSessions(db: Db, userId: string, before: number): Promise<void> {
  const rows = await db
    .selectFrom('sessions')
    .select('id')
    .where('user_id', '=', userId)
    .where((or) => or.or([or('expires_at', '<', before), or('revoked_at', '<', before)]))
    .execute();
  const ids = rows.map((row) => row.id);
  if (ids.length === 0) return;
  await db.deleteFrom('refresh_tokens').where('session_id', 'in', ids).execute();
  await db.deleteFrom('sessions').where('id', 'in', ids).execute();
}

export async function insertRefreshToken(
  db: Db,
  token: { id: string; sessionId: string; hash: string; now: number },
): Promise<void> {
  await db
    .insertInto('refresh_tokens')
    .values({
      id: token.id,
      session_id: token.sessionId,
      token_hash: token.hash,
      created_at: token.now,
      spent_at: null,
    })
    .execute();
}

export type RefreshTokenRow = { id: string; spentAt: number | null; sessionId: string; userId: string; live: boolean };

/** A refresh token by its hash, with what counts of its session. */
export async function findRefreshToken(db: Db, hash: string, now: number): Promise<RefreshTokenRow | undefined> {
  const row = await db
    .selectFrom('refresh_tokens')
    .innerJoin('sessions', 'sessions.id', 'refresh_tokens.session_id')
    .select(['refresh_tokens.id', 'spent_at', 'session_id', 'user_id', 'expires_at', 'revoked_at'])
    .where('token_hash', '=', hash)
    .executeTakeFirst();
  return (
    row && {
      id: row.id,
      spentAt: row.spent_at,
      sessionId: row.session_id,
      userId: row.user_id,
      live: row.revoked_at === null && row.expires_at > now,
    }
  );
}

/** Marks a token as used. Only the first of several racing callers changes the row; the others change nothing. */
export async function spendRefreshToken(db: Db, id: string, now: number): Promise<void> {
  await db
    .updateTable('refresh_tokens')
    .set({ spent_at: now })
    .where('id', '=', id)
    .where('spent_at', 'is', null)
    .execute();
}
