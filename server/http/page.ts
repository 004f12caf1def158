import path from 'node:path';
import express, { type RequestHandler } from 'express';

/**
 * The built web page. Files under `assets/` carry a hash of their content in their names and never change; everything
 * else is asked for anew each time. Any other address a browser opens gets the page, which reads it: links into a
 * classroom work.
 */
export function servePage(pageDir: string): RequestHandler[] {
  const assets = path.join(pageDir, 'assets') + path.sep;
  const files = express.static(pageDir, {
    index: false,
    redirect: false,
    setHeaders: (res, file) => {
      res.setHeader('Cache-Control', file.startsWith(assets) ? 'public, max-age=31536000, immutable' : 'no-cache');
    },
  });
  const fallback: RequestHandler = (req, res, next) => {
    const asksForPage = req.headers.accept?.includes('text/html') === true || req.path === '/';
    const reads = req.method === 'GET' || req.method === 'HEAD';
    if (!reads || !asksForPage || /^\/(api|assets)(\/|$)/.test(req.path)) return next();
    res.setHeader('Cache-Control', 'no-cache');
    res.sendFile('index.html', { root: pageDir });
  };
  return [files, fallback];
}
