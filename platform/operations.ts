import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { AppError, errorTable } from '#contract/errors.ts';
import { withDeadline } from './lifecycle.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';

/** One thing the process depends on. When a `required` one fails, the process cannot serve. `detail` is public. */
export type Check = { name: string; ok: boolean; required: boolean; detail?: string };

export type ProcessState = 'starting' | 'ready' | 'draining';

export type OperationsOptions = {
  log: Log;
  metrics: Metrics;
  metricsToken: string | undefined;
  version: string;
  embedded: boolean;
  /** What the sign-in page offers when the demo classroom is there; read anew at each request. */
  demo?: { joinCode: string; password: string; logins: readonly string[] };
  checks: () => Promise<Check[]>;
  state: () => ProcessState;
};

/** Answers when the request is for one of these paths, and says whether it did. */
export type Operations = (request: IncomingMessage, response: ServerResponse) => boolean;

/** Longer than each check gives itself (a ping of the database: 2 s), so that the one that is late is named. */
const checksWithinMs = 4_000;

/**
 * `/healthz`, `/readyz`, `/version` and `/metrics`: what an orchestrator asks every process, whatever its roles. Plain
 * node:http, so that a process without the API has them too, and one that is starting answers already.
 */
export function createOperations(options: OperationsOptions): Operations {
  const readiness = createReadiness(options);
  const routes: Record<string, (request: IncomingMessage, response: ServerResponse) => Promise<void> | void> = {
    '/healthz': (_, response) => sendJson(response, 200, { status: 'ok' }),
    '/readyz': async (_, response) => {
      const { status, body } = await readiness();
      sendJson(response, status, body);
    },
    '/version': (_, response) => {
      const { version, embedded, demo } = options;
      sendJson(response, 200, { name: 'lectern', version, embedded, demo });
    },
    '/metrics': async (request, response) => {
      authorizeScrape(request, options.metricsToken);
      const text = await options.metrics.text();
      send(response, 200, options.metrics.contentType, text);
    },
  };

  return (request, response) => {
    const path = (request.url ?? '').split('?', 1)[0]!;
    const route = Object.hasOwn(routes, path) ? routes[path] : undefined;
    if (route === undefined) return false;
    const answer = async () => {
      if (request.method !== 'GET' && request.method !== 'HEAD') {
        response.setHeader('Allow', 'GET, HEAD');
        throw new AppError('method-not-allowed', 'Use GET.');
      }
      await route(request, response);
    };
    answer().catch((error: unknown) => {
      if (!(error instanceof AppError)) options.log.error({ error, path }, 'an operations request failed');
      sendProblem(response, error instanceof AppError ? error : new AppError('internal-error'));
    });
    return true;
  };
}

/** Asks the checks; requests that come meanwhile share the answer, so that asking often costs nothing. */
function createReadiness({ checks, state, log }: OperationsOptions) {
  let asking: Promise<Check[]> | undefined;
  const ask = () =>
    (asking ??= withDeadline(checks(), checksWithinMs, 'the readiness checks').finally(() => {
      asking = undefined;
    }));
  return async () => {
    const now = state();
    if (now === 'starting') return { status: 503, body: { status: now, checks: [] } };
    const results = await ask().catch((error: unknown): Check[] => {
      log.error({ error }, 'the readiness checks failed');
      return [{ name: 'checks', ok: false, required: true, detail: 'could not be run' }];
    });
    const able = results.every((check) => check.ok || !check.required);
    const verdict = able ? (results.every((check) => check.ok) ? 'ready' : 'degraded') : 'unable';
    const status = now === 'draining' ? now : verdict;
    return { status: able && now === 'ready' ? 200 : 503, body: { status, checks: results } };
  };
}

/**
 * With a token set, everybody shows it. Without one, only this machine may ask, by the address of the socket itself: a
 * forwarded header proves nothing, except that the asker stands behind a proxy of this machine, and is a stranger.
 */
function authorizeScrape({ headers, socket }: IncomingMessage, token: string | undefined): void {
  if (token !== undefined) {
    if (sameText(headers.authorization ?? '', `Bearer ${token}`)) return;
    throw new AppError('not-authenticated', 'Send METRICS_TOKEN as the bearer token.');
  }
  const forwarded = headers.forwarded !== undefined || headers['x-forwarded-for'] !== undefined;
  if (!forwarded && isLoopback(socket.remoteAddress)) return;
  throw new AppError('forbidden', 'Metrics are for this machine only; set METRICS_TOKEN to read them from elsewhere.');
}

function isLoopback(address = ''): boolean {
  return address === '::1' || /^(?:::ffff:)?127\./.test(address);
}

/** Compares in a time that tells nothing about where two texts differ, nor how long they are. */
function sameText(left: string, right: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(left), digest(right));
}

/** An error as RFC 9457 problem details on a plain node:http response. */
export function sendProblem(response: ServerResponse, { code, status, detail }: AppError): void {
  const { title } = errorTable[code];
  if (status === 401) response.setHeader('WWW-Authenticate', 'Bearer');
  const problem = { type: `/problems/${code}`, title, status, detail, instance: response.req.url ?? '', code };
  send(response, status, 'application/problem+json', JSON.stringify(problem));
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  send(response, status, 'application/json', JSON.stringify(body));
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, {
    'Content-Type': type,
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    'Content-Length': Buffer.byteLength(body),
  });
  response.end(body);
}
