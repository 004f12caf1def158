import type { RequestListener } from 'node:http';
import { createApp } from './app.ts';
import { openLiveSessions } from './auth/live-sessions.ts';
import type { ApiDeps } from './deps.ts';

export { type Demo, seedDemo } from './demo.ts';
export type { ApiDeps } from './deps.ts';

/** The HTTP API as a listener for the process's one server. `close` ends its subscriptions; the stores are the caller's. */
export async function createApi(deps: ApiDeps): Promise<{ handler: RequestListener; close(): Promise<void> }> {
  const liveSessions = await openLiveSessions(deps);
  return { handler: createApp({ ...deps, liveSessions }), close: liveSessions.close };
}
