import { parseSetCookie, type SetCookie } from 'cookie';
import type { Answer } from './api.ts';

/** The refresh cookie that an answer sets or takes back. */
export function refreshCookie(answer: Answer): SetCookie | undefined {
  return answer.headers
    .getSetCookie()
    .map((text) => parseSetCookie(text))
    .find((cookie) => cookie.name === 'refresh_token');
}

/** The request header that sends a refresh token as the cookie. */
export function withRefreshCookie(token: string | undefined): { cookie: string } {
  return { cookie: `theme=dark; refresh_token=${token ?? ''}` };
}
