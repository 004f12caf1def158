import type { RequestHandler } from 'express';
import helmet from 'helmet';
import type { Config } from '#platform/config.ts';

/**
 * Security headers with a policy that lets the own page work and nothing else: Monaco starts workers from blobs and writes
 * inline styles, and document sockets go to this very host, by whatever name the page was reached.
 */
export function securityHeaders({ publicUrl }: Config['http']): RequestHandler {
  const https = publicUrl.startsWith('https:');
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        scriptSrc: ["'self'"],
        scriptSrcAttr: ["'none'"],
        styleSrc: ["'self'", "'unsafe-inline'"],
        fontSrc: ["'self'", 'data:'],
        imgSrc: ["'self'", 'data:', 'blob:'],
        workerSrc: ["'self'", 'blob:'],
        connectSrc: ["'self'", socketOrigin(publicUrl), (req) => ownSocketOrigin(req.headers.host, https)],
        objectSrc: ["'none'"],
        baseUri: ["'self'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
      },
    },
    xFrameOptions: { action: 'deny' },
    // Over plain HTTP, in a class room without certificates, these would only produce warnings or break the page.
    strictTransportSecurity: https && { maxAge: 31_536_000, includeSubDomains: false },
    crossOriginOpenerPolicy: https,
    originAgentCluster: https,
  });
}

function socketOrigin(publicUrl: string): string {
  return new URL(publicUrl).origin.replace(/^http/, 'ws');
}

/** The Host header comes from the client: what does not look like a host adds nothing. */
function ownSocketOrigin(host: string | undefined, https: boolean): string {
  return host !== undefined && /^(?:[\w.-]+|\[[\da-f:.]+\])(?::\d+)?$/i.test(host)
    ? `${https ? 'wss' : 'ws'}://${host}`
    : "'self'";
}
