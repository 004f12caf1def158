import type { RequestHandler } from 'express';
import sirv from 'sirv';

/**
 * The built web page. Files under `assets/` carry a hash of their content in their names and never change; everything
 * else is asked for anew each time. Any other address a browser opens gets the page, which reads it: links into a
 * classroom work. Where the build left a file's `.br` or `.gz` beside it, a browser that reads those gets them.
 */
export function servePage(pageDir: string): RequestHandler {
  const files = sirv(pageDir, {
    etag: true,
    brotli: true,
    gzip: true,
    setHeaders(res, file) {
      const kept = file.startsWith('/assets/');
      res.setHeader('Cache-Control', kept ? 'public, max-age=31536000, immutable' : 'no-cache');
    },
  });
  return (req, res, next) => {
    if (req.method !== 'GET' && req.method !== 'HEAD') return next();
    files(req, res, () => {
      const asksForPage = req.headers.accept?.includes('text/html') === true;
      if (!asksForPage || /^\/(api|assets)(\/|$)/.test(req.path)) return next();
      files(Object.assign(req, { url: '/' }), res, next);
    });
  };
}
