import type { Response } from 'express';
import type { LoginSession } from './authenticate.ts';

const sessions = new WeakMap<Response, LoginSession>();

/** Keeps who was authenticated on a request, for what runs outside of its route: the request log. */
export function rememberSession(res: Response, session: LoginSession): void {
  sessions.set(res, session);
}

export function sessionOf(res: Response): LoginSession | undefined {
  return sessions.get(res);
}
