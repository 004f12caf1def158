import type { RequestHandler } from 'express';

const methods = 'GET, HEAD, POST, PUT, PATCH, DELETE';
const requestHeaders = 'Authorization, Content-Type, Last-Event-ID, Prefer';
const exposedHeaders = 'Location, Retry-After, X-Request-Id';
const preflightSeconds = 600;

/** Lets pages of exactly these origins read answers and send cookies; the others are told nothing (Fetch, CORS protocol). */
export function cors(allowedOrigins: readonly string[]): RequestHandler {
  return (req, res, next) => {
    const { origin } = req.headers;
    const allowed = origin !== undefined && allowedOrigins.includes(origin);
    res.vary('Origin');
    if (allowed) {
      res.setHeader('Access-Control-Allow-Origin', origin);
      res.setHeader('Access-Control-Allow-Credentials', 'true');
      res.setHeader('Access-Control-Expose-Headers', exposedHeaders);
    }
    const preflight = req.method === 'OPTIONS' && req.headers['access-control-request-method'] !== undefined;
    if (!preflight) return next();
    if (allowed) {
      res.setHeader('Access-Control-Allow-Methods', methods);
      res.setHeader('Access-Control-Allow-Headers', requestHeaders);
      res.setHeader('Access-Control-Max-Age', preflightSeconds);
    }
    res.status(204).end();
  };
}
