import type { Request, Response } from 'express';
import { z } from 'zod';
import type { ErrorCode } from '#contract/errors.ts';
import { idSchema } from '#contract/ids.ts';
import { limits } from '#contract/limits.ts';
import type { LoginSession } from './authenticate.ts';

/*
 * A route is one object: it is both the Express handler and the entry in the OpenAPI document. A feature folder exports
 * its routes as a list, and `server/app.ts` mounts the list:
 *
 *   export function classroomRoutes(deps: Deps): Route[] {
 *     return [
 *       route({
 *         method: 'patch',
 *         path: '/api/classrooms/:id',                  // `:id` is checked as an id; a malformed one is 404
 *         tag: 'Classrooms',
 *         summary: 'Change a classroom',
 *         access: 'session',                            // 401 before anything is looked at
 *         authorize: ({ params, session }) => requireStaff(deps.db, params.id, session.userId),
 *         body: updateClassroomBodySchema,              // judged only after `authorize`: strangers get 404, not 400
 *         response: { 200: classroomSchema },
 *         errors: ['forbidden'],                        // what the plumbing itself may answer is added by it
 *         handler: async ({ params, body, subject }) => ({ body: await updateClassroom(deps, subject, body) }),
 *       }),
 *     ];
 *   }
 *
 * `response` maps each status to a zod schema (JSON), to `null` (no body) or to `media(...)` (anything else). An answer
 * without `status` has the lowest one. A handler that writes to `res` itself returns `streamed`.
 */

/** The parameter names in an Express path: `'/a/:id/b/:name'` gives `'id' | 'name'`. */
type ParamName<Path extends string> = Path extends `${string}/:${infer Rest}`
  ? Rest extends `${infer Name}/${infer Tail}`
    ? Name | ParamName<`/${Tail}`>
    : Rest
  : never;

type ParamSchemas<Path extends string> = { [Name in ParamName<Path>]?: z.ZodType };

type Params<Path extends string, Schemas> = {
  [Name in ParamName<Path>]: Name extends keyof Schemas
    ? Schemas[Name] extends z.ZodType
      ? z.output<Schemas[Name]>
      : string
    : string;
};

type Output<Schema> = Schema extends z.ZodType ? z.output<Schema> : undefined;

/** A body that is not JSON: its media type and what it holds. */
export type Media = { contentType: string; description: string };
export type ResponseBody = z.ZodType | Media | null;
type Responses = Readonly<Record<number, ResponseBody>>;

export function media(contentType: string, description: string): Media {
  return { contentType, description };
}

/** Returned by a handler that has written its answer to `res`. */
export const streamed = Symbol('streamed');

export type Headers = Record<string, string | string[]>;

type BodyOf<Body extends ResponseBody> = Body extends z.ZodType
  ? { body: z.output<Body> }
  : Body extends Media
    ? { body: string | Uint8Array }
    : { body?: undefined };

type AnswerOf<R extends Responses> = {
  [Status in keyof R & number]: { status?: Status; headers?: Headers } & BodyOf<R[Status]>;
}[keyof R & number];

type Access = 'public' | 'session';
type SessionOf<A extends Access> = A extends 'session' ? LoginSession : undefined;

export type RouteSpec<
  Path extends string,
  A extends Access,
  P extends ParamSchemas<Path>,
  Q extends z.ZodType | undefined,
  B extends z.ZodType | undefined,
  R extends Responses,
  Subject,
> = {
  method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** Express form, for example `/api/classrooms/:id`. */
  path: Path;
  /** The heading under which the documentation lists it. */
  tag: string;
  summary: string;
  description?: string;
  /** `session`: a living access token is required. */
  access: A;
  /** Schemas of path parameters that are not ids. What does not fit is 404. */
  params?: P;
  /**
   * May this person know of the thing and do this to it? Its result is the handler's `subject`; it throws `not-found` or
   * `forbidden`. Runs before query and body are looked at.
   */
  authorize?: (input: { params: Params<Path, P>; session: SessionOf<A>; req: Request }) => Subject | Promise<Subject>;
  query?: Q;
  body?: B;
  /** Upper bound of the JSON body; `limits.jsonBodyBytes` when not given. */
  bodyBytes?: number;
  response: R;
  errors?: readonly ErrorCode[];
  handler: (input: {
    params: Params<Path, P>;
    query: Output<Q>;
    body: Output<B>;
    session: SessionOf<A>;
    subject: Awaited<Subject>;
    req: Request;
    res: Response;
  }) => Promise<AnswerOf<NoInfer<R>> | typeof streamed>;
};

export type Answer = { status?: number; headers?: Headers; body?: unknown };

/** A route with its types erased: what the plumbing and the documentation see. */
export type Route = {
  method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  path: string;
  tag: string;
  summary: string;
  description: string | undefined;
  access: Access;
  params: z.ZodObject;
  query: z.ZodType | undefined;
  body: z.ZodType | undefined;
  bodyBytes: number;
  response: Responses;
  errors: ReadonlySet<ErrorCode>;
  authorize: ((input: { params: unknown; session: LoginSession | undefined; req: Request }) => unknown) | undefined;
  handler: (input: {
    params: unknown;
    query: unknown;
    body: unknown;
    session: LoginSession | undefined;
    subject: unknown;
    req: Request;
    res: Response;
  }) => Promise<Answer | typeof streamed>;
};

/** What the plumbing may answer by itself, given what the route declares. */
function plumbingErrors(spec: { access: Access; path: string; query?: unknown; body?: unknown }): ErrorCode[] {
  return [
    'internal-error',
    'unavailable',
    ...(spec.access === 'session' ? (['not-authenticated'] as const) : []),
    ...(spec.path.includes('/:') ? (['not-found'] as const) : []),
    ...(spec.query === undefined ? [] : (['validation-failed'] as const)),
    ...(spec.body === undefined
      ? []
      : (['validation-failed', 'malformed-json', 'payload-too-large', 'unsupported-media-type'] as const)),
  ];
}

/** Declares a route; see the comment at the top of this file. */
export function route<
  const Path extends string,
  const A extends Access,
  const R extends Responses,
  P extends ParamSchemas<Path> = Record<never, never>,
  Q extends z.ZodType | undefined = undefined,
  B extends z.ZodType | undefined = undefined,
  Subject = undefined,
>(spec: RouteSpec<Path, A, P, Q, B, R, Subject>): Route {
  const names = [...spec.path.matchAll(/\/:([A-Za-z]+)/g)].map((match) => match[1]!);
  const given = spec.params as Record<string, z.ZodType> | undefined;
  const erased = {
    method: spec.method,
    path: spec.path,
    tag: spec.tag,
    summary: spec.summary,
    description: spec.description,
    access: spec.access,
    params: z.object(Object.fromEntries(names.map((name) => [name, given?.[name] ?? idSchema]))),
    query: spec.query,
    body: spec.body,
    bodyBytes: spec.bodyBytes ?? limits.jsonBodyBytes,
    response: spec.response,
    errors: new Set([...plumbingErrors(spec), ...(spec.errors ?? [])]),
    authorize: spec.authorize,
    handler: spec.handler,
  };
  // The plumbing calls both functions only with values that these schemas have produced.
  return erased as unknown as Route;
}
