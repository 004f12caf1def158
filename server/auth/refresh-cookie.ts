import { parseCookie, stringifySetCookie } from 'cookie';
import type { Request } from 'express';
import { AppError } from '#contract/errors.ts';
import type { Config } from '#platform/config.ts';
import { sessionLifetimeMs } from './sessions.ts';

const name = 'refresh_token';

export type RefreshCookie = {
  /**
   * The refresh token of the cookie, if there is one. Throws `origin-forbidden` when a page of another origin made the
   * browser send it: such a page must not be able to use or to end somebody's session.
   */
  read(req: Request): string | undefined;
  /** The `Set-Cookie` value that stores the token. */
  store(token: string): string;
  /** The `Set-Cookie` value that removes it. */
  clear(): string;
};

/** The cookie that carries refresh tokens: out of reach of scripts, sent to `/api/auth` alone. */
export function createRefreshCookie({ publicUrl, allowedOrigins }: Config['http']): RefreshCookie {
  const attributes = {
    httpOnly: true,
    sameSite: 'lax',
    path: '/api/auth',
    secure: publicUrl.startsWith('https:'),
  } as const;
  return {
    read(req) {
      const token = parseCookie(req.headers.cookie ?? '')[name];
      if (!token) return undefined;
      const { origin } = req.headers;
      if (origin !== undefined && !allowedOrigins.includes(origin))
        throw new AppError('origin-forbidden', 'Open the page at its own address and try again.');
      return token;
    },
    store: (token) => stringifySetCookie(name, token, { ...attributes, maxAge: sessionLifetimeMs / 1000 }),
    clear: () => stringifySetCookie(name, '', { ...attributes, maxAge: 0 }),
  };
}
