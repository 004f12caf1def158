import type { RequestHandler, Response } from 'express';
import type { NewId } from '#platform/ids.ts';

const header = 'X-Request-Id';

/** Gives every request an id of ours; what the client calls it is not believed. */
export function assignRequestId(deps: { newId: NewId }): RequestHandler {
  return (_req, res, next) => {
    res.setHeader(header, deps.newId());
    next();
  };
}

export function requestId(res: Response): string {
  return String(res.getHeader(header) ?? '');
}
