import type { Request } from 'express';
import {
  loginBodySchema,
  refreshBodySchema,
  registerBodySchema,
  sessionSchema,
  updateMeBodySchema,
  userSchema,
} from '#contract/api/accounts.ts';
import { AppError } from '#contract/errors.ts';
import type { ApiDeps } from '../deps.ts';
import type { Authenticate, LoginSession } from '../http/authenticate.ts';
import { clientAddress } from '../http/client-address.ts';
import { type Route, route } from '../http/route.ts';
import { createGate } from './gate.ts';
import { createAuthLimits } from './limits.ts';
import type { LiveSessions } from './live-sessions.ts';
import { createRefreshCookie } from './refresh-cookie.ts';
import { type AccountDeps, type Caller, login, readMe, register, updateMe } from './service.ts';
import { endAllSessions, endSessions, type Opened, refreshSession, sessionOfRefreshToken } from './sessions.ts';

type Deps = Pick<ApiDeps, 'config' | 'db' | 'bus' | 'clock' | 'newId' | 'tokens'> & {
  liveSessions: LiveSessions;
  authenticate: Authenticate;
};

const tag = 'Accounts';

/** Accounts and login sessions: contract §2 and §6, Sessions. */
export function authRoutes(deps: Deps): Route[] {
  // Two at a time leave half of Node's thread pool to files and name look-ups.
  const hashing = createGate({ width: 2, maxWaiting: 2_000 });
  const accounts: AccountDeps = { ...deps, hashing, limits: createAuthLimits(deps) };
  const cookie = createRefreshCookie(deps.config.http);

  const signedIn = ({ answer, refreshToken }: Opened, inBody = false) =>
    inBody
      ? { body: { ...answer, refreshToken } }
      : { body: answer, headers: { 'Set-Cookie': cookie.store(refreshToken) } };

  /** The living sessions that a request shows: by its access token, and by its refresh token. */
  const shownSessions = async (req: Request, refreshToken: string | undefined): Promise<LoginSession[]> => {
    if (req.headers.authorization === undefined && refreshToken === undefined)
      throw new AppError('not-authenticated', 'Send the access token or the refresh token.');
    const byAccess = deps.authenticate(req).catch((error: unknown) => {
      // An expired access token does not keep anybody from leaving with the refresh token.
      if (refreshToken !== undefined && error instanceof AppError && error.code === 'not-authenticated')
        return undefined;
      throw error;
    });
    const byRefresh = refreshToken === undefined ? undefined : sessionOfRefreshToken(accounts, refreshToken);
    return (await Promise.all([byAccess, byRefresh])).filter((session) => session !== undefined);
  };
  const signedOut = { headers: { 'Set-Cookie': cookie.clear() } };

  return [
    route({
      method: 'post',
      path: '/api/auth/register',
      tag,
      summary: 'Make an account and sign in',
      description: 'The refresh token is set as the cookie `refresh_token`.',
      access: 'public',
      body: registerBodySchema,
      response: { 201: sessionSchema },
      errors: ['email-taken', 'too-many-requests'],
      handler: async ({ body, req }) => ({ status: 201, ...signedIn(await register(accounts, body, callerOf(req))) }),
    }),
    route({
      method: 'post',
      path: '/api/auth/login',
      tag,
      summary: 'Sign in',
      description:
        'The refresh token is set as the cookie `refresh_token`, or, with `returnRefreshToken`, stands in the body instead.',
      access: 'public',
      body: loginBodySchema,
      response: { 200: sessionSchema },
      errors: ['invalid-credentials', 'too-many-requests'],
      handler: async ({ body, req }) =>
        signedIn(await login(accounts, body, callerOf(req)), body.returnRefreshToken === true),
    }),
    route({
      method: 'post',
      path: '/api/auth/refresh',
      tag,
      summary: 'Exchange a refresh token for a fresh pair',
      description:
        'Takes the cookie `refresh_token`, or the token in the body, and answers the same way. A spent token still works for 20 seconds; later its session is ended.',
      access: 'public',
      body: refreshBodySchema,
      response: { 200: sessionSchema },
      errors: ['refresh-invalid', 'refresh-reused', 'origin-forbidden'],
      handler: async ({ body, req, res }) => {
        const fromCookie = cookie.read(req);
        const token = body.refreshToken ?? fromCookie;
        if (token === undefined) throw new AppError('refresh-invalid', 'There is no refresh token; sign in.');
        try {
          return signedIn(await refreshSession(accounts, token), body.refreshToken !== undefined);
        } catch (error) {
          if (error instanceof AppError && error.status === 401 && body.refreshToken === undefined)
            res.setHeader('Set-Cookie', cookie.clear());
          throw error;
        }
      },
    }),
    route({
      method: 'post',
      path: '/api/auth/logout',
      tag,
      summary: 'End this login session',
      description:
        'The access token alone is enough; without it, the cookie or the refresh token in the body. Everything that belongs to the session ends at once.',
      access: 'public',
      body: refreshBodySchema,
      response: { 204: null },
      errors: ['not-authenticated', 'origin-forbidden'],
      handler: async ({ body, req }) => {
        const fromCookie = cookie.read(req);
        const sessions = await shownSessions(req, body.refreshToken ?? fromCookie);
        await endSessions(accounts, [...new Set(sessions.map((session) => session.sessionId))]);
        return signedOut;
      },
    }),
    route({
      method: 'post',
      path: '/api/auth/logout-all',
      tag,
      summary: 'End all login sessions of this account',
      access: 'public',
      body: refreshBodySchema,
      response: { 204: null },
      errors: ['not-authenticated', 'origin-forbidden'],
      handler: async ({ body, req }) => {
        const fromCookie = cookie.read(req);
        const sessions = await shownSessions(req, body.refreshToken ?? fromCookie);
        for (const userId of new Set(sessions.map((session) => session.userId))) await endAllSessions(accounts, userId);
        return signedOut;
      },
    }),
    route({
      method: 'get',
      path: '/api/me',
      tag,
      summary: 'My account',
      access: 'session',
      response: { 200: userSchema },
      handler: async ({ session }) => ({ body: await readMe(deps.db, session.userId) }),
    }),
    route({
      method: 'patch',
      path: '/api/me',
      tag,
      summary: 'Change my name or language',
      access: 'session',
      body: updateMeBodySchema,
      response: { 200: userSchema },
      handler: async ({ session, body }) => ({ body: await updateMe(deps.db, session.userId, body) }),
    }),
  ];
}

function callerOf(req: Request): Caller {
  return { address: clientAddress(req), userAgent: req.headers['user-agent'] ?? '' };
}
