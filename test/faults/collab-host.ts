import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createMemoryBus } from '#platform/bus/memory-bus.ts';
import { systemClock } from '#platform/clock.ts';
import { loadConfig } from '#platform/config.ts';
import { claimDataDir } from '#platform/data-dir.ts';
import { databaseFile, openDatabase } from '#platform/db/database.ts';
import { createNewId } from '#platform/ids.ts';
import { Closers, stopOnSignals } from '#platform/lifecycle.ts';
import { createLog } from '#platform/log.ts';
import { createMetrics } from '#platform/metrics.ts';
import { createTokens } from '#platform/tokens.ts';
import { startCollab } from '../../collab/index.ts';

/**
 * The documents' part of the program alone, as a process of its own: what `main.ts` does for the role `collab`, with the
 * real journal and the real database, and none of the rest, so that it is up again in a fraction of a second. Tables are
 * there already. `GET /resources` tells what keeps the process busy.
 */
const config = loadConfig(process.env, []);
const log = createLog({ level: config.logLevel });
const closers = new Closers(log);
stopOnSignals({ log, withinMs: config.drainTimeoutMs, close: () => closers.close() });

closers.add('data directory', claimDataDir(config.dataDir));
const place = config.databaseUrl === undefined ? { file: databaseFile(config.dataDir) } : { url: config.databaseUrl };
const database = await openDatabase({ ...place, log });
closers.add('database', database.close);
const bus = createMemoryBus({ log });
closers.add('bus', () => bus.close());
const tokens = createTokens({ secret: config.jwtSecret!, issuer: config.http.publicUrl, clock: systemClock });
const newId = createNewId(systemClock.now);
const collab = await startCollab({
  config,
  log,
  clock: systemClock,
  newId,
  db: database.db,
  bus,
  tokens,
  metrics: createMetrics(),
});
closers.add('collab', collab.close, config.drainTimeoutMs);

// What is left after a collection tells whether something is kept; the sawtooth before it does not.
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function resources() {
  collectGarbage();
  const counts: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) counts[kind] = (counts[kind] ?? 0) + 1;
  const { rss, heapUsed, external } = process.memoryUsage();
  return { rss, heapUsed, external, descriptors: readdirSync('/proc/self/fd').length, counts };
}

const server = createServer((request, response) => {
  response.end(request.url === '/resources' ? JSON.stringify(resources()) : 'ready');
});
server.on('upgrade', (request, socket, head) => {
  if (!collab.upgrade(request, socket, head)) socket.destroy();
});
server.listen(config.http.port, '127.0.0.1');
await once(server, 'listening');
closers.add('http', () => {
  server.close();
  server.closeIdleConnections();
});
