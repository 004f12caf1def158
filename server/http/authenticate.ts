import type { Request } from 'express';
import { AppError } from '#contract/errors.ts';
import type { Tokens } from '#platform/tokens.ts';

/** Who sent a request, and the login session it belongs to. */
export type LoginSession = { userId: string; sessionId: string };

export type Authenticate = (req: Request) => Promise<LoginSession>;

/**
 * Reads `Authorization: Bearer <access token>` (RFC 6750 §2.1; never the query string). `isLive` tells whether the login
 * session still exists. Throws `not-authenticated`; whatever `isLive` throws passes, so an unreachable database is 503.
 */
export function createAuthenticate(deps: {
  tokens: Tokens;
  isLive: (session: LoginSession) => Promise<boolean>;
}): Authenticate {
  return async (req) => {
    const token = /^Bearer +([\w.~+/=-]+)$/i.exec(req.headers.authorization ?? '')?.[1];
    if (token === undefined) throw new AppError('not-authenticated', 'Send an access token as Authorization: Bearer.');
    const claims = deps.tokens.verify('access', token);
    const session = claims && { userId: claims.sub, sessionId: claims.sid };
    if (session === undefined || !(await deps.isLive(session)))
      throw new AppError('not-authenticated', 'The access token has expired or its session has ended; sign in again.');
    return session;
  };
}
