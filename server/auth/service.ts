import type { z } from 'zod';
import type { loginBodySchema, registerBodySchema, updateMeBodySchema, User } from '#contract/api/accounts.ts';
import { AppError } from '#contract/errors.ts';
import type { Db } from '#platform/db/schema.ts';
import { isUniqueViolation } from '#platform/db/statements.ts';
import type { Gate } from './gate.ts';
import type { AuthLimits } from './limits.ts';
import { hashPassword, verifyPassword } from './passwords.ts';
import { type Opened, openSession, type SessionDeps } from './sessions.ts';
import { findUser, findUserByEmail, insertUser, updateUser } from './store.ts';
import { toUser } from './user.ts';

export type AccountDeps = SessionDeps & { limits: AuthLimits; hashing: Gate };

/** Where a request comes from: `address` is what limits count by. */
export type Caller = { address: string; userAgent: string };

/** Makes an account and signs it in. Throws `email-taken`, `too-many-requests`. */
export async function register(
  deps: AccountDeps,
  body: z.output<typeof registerBodySchema>,
  caller: Caller,
): Promise<Opened> {
  deps.limits.takeRegistration(caller.address);
  const taken = () => new AppError('email-taken', 'Sign in with this e-mail, or register with another one.');
  if ((await findUserByEmail(deps.db, body.email)) !== undefined) throw taken();
  const passwordHash = await deps.hashing(() => hashPassword(body.password));
  const id = deps.newId();
  try {
    await insertUser(deps.db, { id, email: body.email, name: body.name, passwordHash, now: deps.clock.now() });
  } catch (error) {
    if (isUniqueViolation(error)) throw taken();
    throw error;
  }
  return openSession(deps, (await findUser(deps.db, id))!, caller.userAgent);
}

/** Signs in. The same answer after the same time whether the account or the password is wrong. */
export async function login(
  deps: AccountDeps,
  body: z.output<typeof loginBodySchema>,
  caller: Caller,
): Promise<Opened> {
  const { limits } = deps;
  // Before queueing, so that a flood of guesses cannot fill the queue; again at its turn, so that it cannot overtake.
  limits.checkLogin(body.email, caller.address);
  const user = await deps.hashing(async () => {
    limits.checkLogin(body.email, caller.address);
    const found = await findUserByEmail(deps.db, body.email);
    if (await verifyPassword(body.password, found?.password_hash ?? null)) return found;
    limits.recordFailedLogin(body.email, caller.address);
    return undefined;
  });
  if (user === undefined) throw new AppError('invalid-credentials', 'Check the e-mail and the password.');
  return openSession(deps, user, caller.userAgent);
}

/** The account of an authenticated person. */
export async function readMe(db: Db, userId: string): Promise<User> {
  const user = await findUser(db, userId);
  if (user === undefined) throw new AppError('not-authenticated', 'This account does not exist any more.');
  return toUser(user);
}

export async function updateMe(db: Db, userId: string, change: z.output<typeof updateMeBodySchema>): Promise<User> {
  await updateUser(db, userId, change);
  return readMe(db, userId);
}
