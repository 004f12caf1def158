import express, { type Express } from 'express';
import { authRoutes } from './auth/routes.ts';
import type { LiveSessions } from './auth/live-sessions.ts';
import type { Presence } from './classrooms/presence.ts';
import { classroomRoutes } from './classrooms/routes.ts';
import type { ApiDeps } from './deps.ts';
import { docsRoutes } from './docs/routes.ts';
import { documentRoutes } from './documents/routes.ts';
import { createAuthenticate } from './http/authenticate.ts';
import { cors } from './http/cors.ts';
import { mountRoutes } from './http/mount.ts';
import { nothingHere, problemHandler } from './http/problem.ts';
import { requestLog } from './http/request-log.ts';
import { assignRequestId } from './http/request-id.ts';
import { securityHeaders } from './http/security-headers.ts';
import { servePage } from './http/page.ts';
import type { Languages } from './runs/languages.ts';
import type { RunNews } from './runs/news.ts';
import { runRoutes } from './runs/routes.ts';

/** The API on one screen: what every request passes, in order, then the features, then what nobody answered. */
export function createApp(
  deps: ApiDeps & { liveSessions: LiveSessions; presence: Presence; runNews: RunNews; languages: Languages },
): Express {
  const { config, pageDir, tokens, liveSessions } = deps;
  const authenticate = createAuthenticate({ tokens, isLive: liveSessions.isLive });

  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('trust proxy', config.http.trustProxy);
  app.set('query parser', 'simple');
  app.set('case sensitive routing', true);

  app.use(assignRequestId(deps));
  app.use(requestLog(deps));
  app.use(securityHeaders(config.http));
  app.use(cors(config.http.allowedOrigins));

  const features = [
    ...authRoutes({ ...deps, authenticate }),
    ...classroomRoutes(deps),
    ...documentRoutes(deps),
    ...runRoutes(deps),
  ];
  mountRoutes(app, [...features, ...docsRoutes(features)], {
    authenticate,
    checkResponses: deps.checkResponses === true,
  });

  if (pageDir !== undefined) app.use(servePage(pageDir));
  app.use(nothingHere);
  app.use(problemHandler(deps));
  return app;
}
