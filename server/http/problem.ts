import type { ErrorRequestHandler, RequestHandler } from 'express';
import { AppError, errorTable } from '#contract/errors.ts';
import { isDatabaseAway } from '#platform/db/statements.ts';
import type { Log } from '#platform/log.ts';
import { requestId } from './request-id.ts';

export const problemType = 'application/problem+json';

/** RFC 9457 problem details of an error; `instance` is the request id, by which the log line is found. */
export function toProblem(error: AppError, instance: string) {
  return {
    type: `/problems/${error.code}`,
    title: errorTable[error.code].title,
    status: error.status,
    detail: error.detail,
    instance,
    code: error.code,
    ...(error.errors === undefined ? {} : { errors: error.errors }),
  };
}

/** An AppError is meant for the caller; anything else is a defect: logged once with its stack, told in general words. */
function asAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  // Express throws this for a path such as /api/classrooms/%E0%A4%A: no such thing can exist.
  if (error instanceof URIError) return new AppError('not-found', 'The address is not correctly percent-encoded.');
  if (isDatabaseAway(error))
    return new AppError('unavailable', 'The database is away; try again in a moment.', { cause: error });
  return new AppError('internal-error', 'Try again; if it goes on, report the `instance` of this answer.', {
    cause: error,
  });
}

/** The last middleware: every error becomes `application/problem+json`. */
export function problemHandler(deps: { log: Log }): ErrorRequestHandler {
  return (thrown: unknown, req, res, _next) => {
    const error = asAppError(thrown);
    const id = requestId(res);
    if (error.code === 'internal-error')
      deps.log.error({ requestId: id, error: error.cause ?? error }, 'request failed');
    else if (error.status >= 500 && error.cause !== undefined)
      deps.log.warn({ requestId: id, error: error.cause }, 'request refused');
    if (res.headersSent) {
      // A broken stream must look broken: a clean end would pass for the whole answer.
      res.destroy();
      return;
    }
    for (const name of ['Content-Disposition', 'ETag', 'Last-Modified', 'Content-Length']) res.removeHeader(name);
    if (error.retryAfterSeconds !== undefined) res.setHeader('Retry-After', Math.ceil(error.retryAfterSeconds));
    if (error.status === 401) res.setHeader('WWW-Authenticate', 'Bearer');
    res.setHeader('Cache-Control', 'no-store');
    res
      .status(error.status)
      .type(problemType)
      .send(JSON.stringify(toProblem(error, id)));
  };
}

/** What no route has answered. */
export const nothingHere: RequestHandler = () => {
  throw new AppError('not-found', 'No route answers at this address; see /docs.');
};
