import type { Request, RequestHandler } from 'express';
import type { Log } from '#platform/log.ts';
import { requestId } from './request-id.ts';
import { sessionOf } from './request-session.ts';

/** One line per request, when its answer is out or its client is gone. Never the query string: links carry secrets there. */
export function requestLog(deps: { log: Log }): RequestHandler {
  return (req, res, next) => {
    const startedAt = performance.now();
    res.once('close', () => {
      deps.log.info(
        {
          requestId: requestId(res),
          method: req.method,
          path: patternOf(req),
          status: res.statusCode,
          ms: Math.round(performance.now() - startedAt),
          userId: sessionOf(res)?.userId,
          ...(res.writableFinished ? {} : { aborted: true }),
        },
        'request',
      );
    });
    next();
  };
}

/** Express keeps the pattern of the route it chose; what matched none is told as it came, without its query. */
function patternOf(req: Request): string {
  const pattern: unknown = req.route?.path;
  return typeof pattern === 'string' ? pattern : req.originalUrl.split('?', 1)[0]!.slice(0, 200);
}
