import type { z } from 'zod';
import { sessionSchema, type Session, type User } from '#contract/api/accounts.ts';
import { createStore, type Store } from '../store.ts';
import { ApiError, readProblem } from './problem.ts';

/**
 * Who uses the page. `ended` keeps the person: their session was closed, but what they typed is still on the screen.
 * `replaced`: this browser has meanwhile signed in as somebody else.
 */
export type Identity =
  | { phase: 'starting' }
  | { phase: 'signed-out' }
  | { phase: 'signed-in' | 'ended'; user: User }
  | { phase: 'replaced'; user: User; by: User };

export interface Client {
  identity: Store<Identity>;
  /** Takes up the session of an earlier visit, if there is one. */
  start(): Promise<void>;
  signIn(credentials: { email: string; password: string }): Promise<void>;
  register(account: { email: string; password: string; name: string }): Promise<void>;
  signOut(): Promise<void>;
  /** The session turned out to be over, by other ways than a request: asks to sign in again. */
  expire(): void;
  /** One request as the signed-in person; the answer is checked against `schema`. Throws ApiError. */
  call<T>(schema: z.ZodType<T>, method: string, path: string, body?: unknown): Promise<T>;
  /** Takes a new access token; false when the session has ended. */
  renew(): Promise<boolean>;
}

const renewBeforeMs = 60_000;

/**
 * Only says that a refresh cookie was given to this browser, so that a first visit does not ask for a session that cannot
 * be there. The cookie itself is HttpOnly, and the access token never leaves memory.
 */
const visitedKey = 'lectern.visited';

export function createClient(): Client {
  const identity = createStore<Identity>({ phase: 'starting' });
  let access: { token: string; expiresAt: number } | undefined;
  let renewing: Promise<boolean> | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function accept(session: Session): void {
    access = { token: session.accessToken, expiresAt: Date.now() + session.expiresIn * 1000 };
    localStorage.setItem(visitedKey, '1');
    clearTimeout(timer);
    timer = setTimeout(
      () => void client.renew().catch(() => {}),
      Math.max(session.expiresIn * 1000 - renewBeforeMs, 1000),
    );
    identity.set({ phase: 'signed-in', user: session.user });
  }

  function forget(): void {
    access = undefined;
    clearTimeout(timer);
    localStorage.removeItem(visitedKey);
  }

  async function refresh(): Promise<boolean> {
    const before = identity.get();
    try {
      const session = sessionSchema.parse(await (await send('POST', '/api/auth/refresh')).json());
      // Another tab has signed in as another person, and the cookie is theirs: this tab must not change hands silently.
      if ('user' in before && before.phase !== 'ended' && before.user.id !== session.user.id) {
        identity.set({ phase: 'replaced', user: before.user, by: session.user });
        return false;
      }
      accept(session);
      return true;
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 401) throw error;
      forget();
      identity.set('user' in before ? { phase: 'ended', user: before.user } : { phase: 'signed-out' });
      return false;
    }
  }

  const client: Client = {
    identity,
    async start() {
      if (localStorage.getItem(visitedKey) === null) return identity.set({ phase: 'signed-out' });
      await client.renew();
    },
    async signIn(credentials) {
      accept(sessionSchema.parse(await (await send('POST', '/api/auth/login', credentials)).json()));
    },
    async register(account) {
      accept(sessionSchema.parse(await (await send('POST', '/api/auth/register', account)).json()));
    },
    async signOut() {
      await send('POST', '/api/auth/logout', undefined, access?.token).catch(() => {});
      forget();
      identity.set({ phase: 'signed-out' });
    },
    expire() {
      const before = identity.get();
      if (before.phase !== 'signed-in') return;
      forget();
      identity.set({ phase: 'ended', user: before.user });
    },
    renew() {
      renewing ??= refresh().finally(() => (renewing = undefined));
      return renewing;
    },
    async call(schema, method, path, body) {
      if (identity.get().phase !== 'signed-in') throw new ApiError('not-authenticated', 401, '');
      if (access === undefined || access.expiresAt < Date.now()) await client.renew();
      let response: Response;
      try {
        response = await send(method, path, body, access?.token);
      } catch (error) {
        if (!(error instanceof ApiError) || error.status !== 401 || !(await client.renew())) throw error;
        response = await send(method, path, body, access?.token);
      }
      return schema.parse(response.status === 204 ? undefined : await response.json());
    },
  };
  return client;
}

async function send(method: string, path: string, body?: unknown, token?: string): Promise<Response> {
  const headers = new Headers();
  if (body !== undefined) headers.set('content-type', 'application/json');
  if (token !== undefined) headers.set('authorization', `Bearer ${token}`);
  let response: Response;
  try {
    response = await fetch(path, { method, headers, body: body === undefined ? null : JSON.stringify(body) });
  } catch {
    throw new ApiError('network', 0, '');
  }
  if (!response.ok) throw await readProblem(response);
  return response;
}
