import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { AppError } from '#contract/errors.ts';
import { openBus } from '#platform/bus/index.ts';
import { systemClock as clock } from '#platform/clock.ts';
import { ConfigError, loadConfig } from '#platform/config.ts';
import { claimDataDir } from '#platform/data-dir.ts';
import { databaseFile, openDatabase } from '#platform/db/database.ts';
import { createNewId } from '#platform/ids.ts';
import { Closers, stopOnSignals } from '#platform/lifecycle.ts';
import { createLog } from '#platform/log.ts';
import { createMetrics } from '#platform/metrics.ts';
import { createOperations, sendProblem, type Check, type ProcessState } from '#platform/operations.ts';
import { openRunQueue } from '#platform/queue/index.ts';
import { loadSecrets } from '#platform/secrets.ts';
import { startUpTable } from '#platform/start-up-table.ts';
import { createTokens } from '#platform/tokens.ts';
import type { Collab } from './collab/index.ts';
import { migrate } from './migrations/index.ts';
import packageJson from './package.json' with { type: 'json' };
import type { Demo } from './server/index.ts';

/** Whoever has not sent a whole request head by then is cut; Node looks for them at each interval. ms */
const httpTimeouts = { headersTimeout: 8_000, connectionsCheckingInterval: 1_000 };

/**
 * The composition root: reads the configuration, opens the platform, starts the chosen roles, waits for a signal, and
 * closes everything in reverse. It knows everyone; nobody imports it.
 */
async function start(): Promise<void> {
  const argv = process.argv.slice(2);
  let config = loadConfig(process.env, argv);
  const log = createLog({ level: config.logLevel });
  const newId = createNewId(clock.now);
  const closers = new Closers(log);
  let state: ProcessState = 'starting';
  stopOnSignals({
    log,
    withinMs: config.drainTimeoutMs,
    close() {
      state = 'draining';
      return closers.close();
    },
  });

  try {
    // The port first: whoever asks meanwhile hears that we are starting, and a taken port is told at once.
    let collab: Collab | undefined;
    let api: RequestListener | undefined;
    let demo: Demo | undefined;
    let checks = async (): Promise<Check[]> => [];
    const metrics = createMetrics();
    const answerOperations = createOperations({
      log,
      metrics,
      metricsToken: config.metricsToken,
      version: packageJson.version,
      embedded: config.embedded,
      get demo() {
        return demo;
      },
      checks: () => checks(),
      state: () => state,
    });
    const server = createServer(httpTimeouts, (request, response) => {
      if (answerOperations(request, response)) return;
      if (api !== undefined) return void api(request, response);
      sendProblem(response, new AppError(state === 'ready' ? 'not-found' : 'unavailable'));
    });
    server.on('upgrade', (request, socket, head) => {
      try {
        if (state === 'ready' && collab?.upgrade(request, socket, head) === true) return;
        refuseUpgrade(socket, state === 'ready' ? '404 Not Found' : '503 Service Unavailable');
      } catch (error) {
        // Whatever a stranger's request can bring about here, it must not be the end of the process.
        log.error({ error }, 'an upgrade failed');
        refuseUpgrade(socket, '400 Bad Request');
      }
    });
    server.listen(config.http.port, config.http.host);
    await once(server, 'listening');
    if (config.http.port === 0) {
      const { port } = server.address() as AddressInfo;
      config = loadConfig({ ...process.env, PORT: String(port) }, argv);
    }

    closers.add('data directory', claimDataDir(config.dataDir));
    const database = await openDatabase(
      config.databaseUrl === undefined ? { file: databaseFile(config.dataDir), log } : { url: config.databaseUrl, log },
    );
    closers.add('database', database.close);
    await migrate(database, 'up', log);
    const { db } = database;
    const { jwtSecret } = loadSecrets(config);
    const tokens = createTokens({ secret: jwtSecret, issuer: config.http.publicUrl, clock });
    const redis = { redisUrl: config.redis.url, prefix: config.redis.prefix, log };
    const page = config.roles.includes('api')
      ? import('./web/build.ts').then(({ buildPage }) => buildPage({ log }))
      : undefined;
    const [bus, queue, pageDir] = await Promise.all([
      openBus(redis),
      openRunQueue({ ...redis, dataDir: config.dataDir }),
      page,
    ]);
    closers.add('bus', () => bus.close());
    closers.add('queue', () => queue.close());

    checks = async () => [
      await check('database', config.roles.includes('api'), () => database.ping()),
      { name: 'bus', ok: bus.healthy(), required: false },
      { name: 'queue', ok: queue.healthy(), required: false },
      ...(collab === undefined ? [] : [documentLog(collab)]),
    ];

    // A role's code is loaded only where it runs. Supporting roles first, so that whoever reaches the class finds everything there; they also close last.
    if (config.roles.includes('bridge')) {
      const { startCompileBridge } = await import('./compile-bridge/index.ts');
      const bridge = await startCompileBridge({ db, bus, queue, log, clock });
      closers.add('bridge', bridge.close);
    }
    if (config.roles.includes('worker')) {
      const { startWorker } = await import('./worker/index.ts');
      const worker = await startWorker({ queue, log, clock, newId, config: { isolation: config.workerIsolation } });
      closers.add('worker', worker.close);
    }
    if (config.roles.includes('collab')) {
      const { startCollab } = await import('./collab/index.ts');
      collab = await startCollab({ config, log, clock, newId, db, bus, tokens, metrics });
      closers.add('collab', collab.close, config.drainTimeoutMs);
    }
    if (config.roles.includes('api')) {
      const { createApi, seedDemo } = await import('./server/index.ts');
      demo = await seedDemo({ config, db, clock, newId });
      const started = await createApi({ config, log, clock, newId, db, bus, queue, tokens, pageDir });
      closers.add('api', started.close);
      api = started.handler;
    }
    closers.add('http', () => {
      server.close();
      server.closeIdleConnections();
    });
    state = 'ready';
    process.stdout.write(startUpTable(config, demo));
  } catch (error) {
    await closers.close();
    throw error;
  }
}

async function check(name: string, required: boolean, ask: () => Promise<void>): Promise<Check> {
  try {
    await ask();
    return { name, ok: true, required };
  } catch {
    return { name, ok: false, required };
  }
}

function documentLog(collab: Collab): Check {
  const state = collab.logState();
  return { name: 'document log', ok: state === 'ok', required: false, detail: state };
}

function refuseUpgrade(socket: Duplex, status: string): void {
  socket.on('error', () => {});
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

try {
  await start();
} catch (error) {
  const known = error instanceof ConfigError || (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
  process.stderr.write(
    `Lectern cannot start. ${known ? (error as Error).message : String((error as Error).stack ?? error)}\n`,
  );
  process.exit(1);
}
