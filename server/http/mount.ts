import { isDeepStrictEqual } from 'node:util';
import type { Express, RequestHandler, Response } from 'express';
import { z } from 'zod';
import { AppError, type FieldError } from '#contract/errors.ts';
import type { Authenticate } from './authenticate.ts';
import { readJsonBody } from './read-body.ts';
import { rememberSession } from './request-session.ts';
import { type Answer, type Route, streamed } from './route.ts';

export type Plumbing = {
  authenticate: Authenticate;
  /** For tests: an answer or error that the route does not declare becomes a 500. */
  checkResponses: boolean;
};

/** Registers the routes, then for each of their paths an answer to the methods it does not have. */
export function mountRoutes(app: Express, routes: readonly Route[], plumbing: Plumbing): void {
  for (const route of routes) app[route.method](route.path, routeHandler(route, plumbing));
  for (const [path, methods] of methodsByPath(routes)) app.all(path, otherMethods(methods));
}

/** contract §6, the order of judgement: who are you, may you know of this, only then what do you want. */
function routeHandler(route: Route, { authenticate, checkResponses }: Plumbing): RequestHandler {
  return async (req, res) => {
    try {
      const session = route.access === 'session' ? await authenticate(req) : undefined;
      if (session !== undefined) rememberSession(res, session);
      const params = route.params.safeParse(req.params);
      if (!params.success) throw new AppError('not-found', 'Nothing has such a name here.');
      const subject = await route.authorize?.({ params: params.data, session, req });
      const query = route.query && validate(route.query, req.query);
      const body = route.body && validate(route.body, await readJsonBody(req, route.bodyBytes));
      const answer = await route.handler({ params: params.data, query, body, session, subject, req, res });
      if (answer !== streamed) send(route, res, answer, checkResponses);
    } catch (error) {
      if (checkResponses && error instanceof AppError && !route.errors.has(error.code))
        throw new Error(`${route.method} ${route.path} does not declare ${error.code}`, { cause: error });
      throw error;
    }
  };
}

function validate(schema: z.ZodType, value: unknown): unknown {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new AppError('validation-failed', 'Correct the fields listed under `errors` and send it again.', {
    errors: parsed.error.issues.slice(0, 20).map(fieldError),
  });
}

function fieldError(issue: z.core.$ZodIssue): FieldError {
  return { path: issue.path.map(String).join('.'), message: issue.message.slice(0, 300) };
}

function send(route: Route, res: Response, answer: Answer, check: boolean): void {
  const status = answer.status ?? Number(Object.keys(route.response)[0]);
  if (check) checkAnswer(route, status, answer.body);
  res.setHeader('Cache-Control', 'no-store');
  for (const [name, value] of Object.entries(answer.headers ?? {})) res.setHeader(name, value);
  res.status(status);
  const declared = route.response[status];
  if (declared == null) res.end();
  else if ('contentType' in declared) res.type(declared.contentType).send(answer.body);
  else res.json(answer.body);
}

/** Undocumented fields count as wrong: what is not in the schema may be something that should not be told. */
function checkAnswer(route: Route, status: number, body: unknown): void {
  const declared = route.response[status];
  const name = `${route.method} ${route.path} → ${status}`;
  if (declared === undefined) throw new Error(`${name} is not declared`);
  if (declared === null || 'contentType' in declared) return;
  const sent: unknown = JSON.parse(JSON.stringify(body));
  const parsed = declared.safeParse(sent);
  if (!parsed.success) throw new Error(`${name}: ${z.prettifyError(parsed.error)}`);
  if (!isDeepStrictEqual(parsed.data, sent)) throw new Error(`${name} has fields that its schema does not have`);
}

function methodsByPath(routes: readonly Route[]): Map<string, string[]> {
  const methods = new Map<string, string[]>();
  for (const { method, path } of routes) methods.set(path, [...(methods.get(path) ?? []), method.toUpperCase()]);
  return methods;
}

function otherMethods(methods: readonly string[]): RequestHandler {
  const allow = [...methods, ...(methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS'].join(', ');
  return (req, res) => {
    res.setHeader('Allow', allow);
    if (req.method !== 'OPTIONS') throw new AppError('method-not-allowed', `This address answers ${allow}.`);
    res.status(204).end();
  };
}
