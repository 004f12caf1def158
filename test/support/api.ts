import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Writable } from 'node:stream';
import { createMemoryBus } from '#platform/bus/memory-bus.ts';
import type { Clock } from '#platform/clock.ts';
import { type Config, loadConfig } from '#platform/config.ts';
import { createNewId } from '#platform/ids.ts';
import { createLog } from '#platform/log.ts';
import type { RunQueue } from '#platform/queue/run-queue.ts';
import { createTokens } from '#platform/tokens.ts';
import { insertSession, insertUser } from '../../server/auth/store.ts';
import { type ApiDeps, createApi } from '../../server/index.ts';
import { databaseEngines, type DatabaseEngine } from './databases.ts';

export type Answer = {
  status: number;
  headers: Headers;
  /** The parsed JSON; the text of an answer that is none; undefined for an empty one. */
  // oxlint-disable-next-line typescript/no-explicit-any -- a test asserts on what it got, whatever that is
  body: any;
};

/** Sends a request: a `body` that is not a string goes as JSON. */
export type Send = (
  method: string,
  path: string,
  options?: { body?: unknown; headers?: Record<string, string> },
) => Promise<Answer>;

export type TestUser = { id: string; email: string; name: string; sessionId: string; accessToken: string };

/** A clock that stands still until it is told to go on. */
export type TestClock = Clock & { advance(ms: number): void };

export type TestApi = {
  url: string;
  deps: ApiDeps;
  clock: TestClock;
  /** What was logged, as JSON lines. */
  logged(): string;
  /** A new account with a login session, made in the database: no password, no waiting. */
  signUp(name?: string): Promise<TestUser>;
  /** Sends as this person, or with no token at all. */
  as(user?: TestUser): Send;
  close(): Promise<void>;
};

export type TestApiOptions = {
  engine?: DatabaseEngine;
  /** Environment variables on top of an embedded configuration, for example `{ PUBLIC_URL: 'https://…' }`. */
  environment?: Record<string, string>;
  queue?: RunQueue;
  bus?: ApiDeps['bus'];
  pageDir?: string;
};

/** The whole API on a free port, with a database of its own, an in-process bus and every answer checked against its schema. */
export async function startTestApi(options: TestApiOptions = {}): Promise<TestApi> {
  const opened = await (options.engine ?? databaseEngines[0]!).open();
  let logged = '';
  const log = createLog({
    level: 'debug',
    destination: new Writable({
      write(chunk, _encoding, done) {
        logged += String(chunk);
        done();
      },
    }),
  });
  const clock = createTestClock();
  const config: Config = loadConfig({ PORT: '3000', ...options.environment }, []);
  const deps: ApiDeps = {
    config,
    log,
    clock,
    newId: createNewId(clock.now),
    db: opened.database.db,
    bus: options.bus ?? createMemoryBus({ log }),
    queue: options.queue ?? noQueue,
    tokens: createTokens({ secret: 'a secret of the tests, long enough', issuer: config.http.publicUrl, clock }),
    pageDir: options.pageDir,
    checkResponses: true,
  };
  const api = await createApi(deps);
  const server = createServer(api.handler);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  return {
    url,
    deps,
    clock,
    logged: () => logged,
    signUp: (name = 'Ada') => signUp(deps, name),
    as: (user) => (method, path, request) => send(url + path, method, user, request),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await api.close();
      if (options.bus === undefined) await deps.bus.close();
      await opened.drop();
    },
  };
}

function createTestClock(): TestClock {
  let now = Date.now();
  return {
    now: () => now,
    advance(ms) {
      now += ms;
    },
  };
}

async function signUp({ db, newId, clock, tokens }: ApiDeps, name: string): Promise<TestUser> {
  const [id, sessionId, now] = [newId(), newId(), clock.now()];
  const email = `${id}@example.org`;
  await insertUser(db, { id, email, name, passwordHash: null, now });
  await insertSession(db, { id: sessionId, userId: id, userAgent: 'test', now, expiresAt: now + 86_400_000 });
  const accessToken = tokens.sign('access', { sub: id, sid: sessionId }).token;
  return { id, email, name, sessionId, accessToken };
}

async function send(
  url: string,
  method: string,
  user: TestUser | undefined,
  { body, headers = {} }: { body?: unknown; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const response = await fetch(url, {
    method,
    redirect: 'manual',
    headers: {
      ...(user === undefined ? {} : { authorization: `Bearer ${user.accessToken}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = /^application\/(problem\+)?json/.test(response.headers.get('content-type') ?? '');
  return {
    status: response.status,
    headers: response.headers,
    body: isJson && text !== '' ? JSON.parse(text) : text || undefined,
  };
}

/** For tests that run nothing: whoever asks this queue for anything learns that the test has none. */
const noQueue = new Proxy({} as RunQueue, {
  get(_, name) {
    throw new Error(`this test started the API without a queue, and queue.${String(name)} was wanted`);
  },
});
