import type { RequestListener } from 'node:http';
import { createApp } from './app.ts';
import { openLiveSessions } from './auth/live-sessions.ts';
import { openPresence } from './classrooms/presence.ts';
import type { ApiDeps } from './deps.ts';
import { openLanguages } from './runs/languages.ts';
import { openRunNews } from './runs/news.ts';

export { type Demo, seedDemo } from './demo.ts';
export type { ApiDeps } from './deps.ts';

/** The HTTP API as a listener for the process's one server. `close` ends its subscriptions; the stores are the caller's. */
export async function createApi(deps: ApiDeps): Promise<{ handler: RequestListener; close(): Promise<void> }> {
  const liveSessions = await openLiveSessions(deps);
  const presence = await openPresence(deps);
  const runNews = await openRunNews(deps);
  const languages = openLanguages(deps);
  return {
    handler: createApp({ ...deps, liveSessions, presence, runNews, languages }),
    async close() {
      await Promise.all([liveSessions, presence, runNews, languages].map((part) => part.close()));
    },
  };
}
