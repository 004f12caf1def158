import type { Config } from './config.ts';

type Demo = { joinCode: string; password: string; logins: readonly string[] };

/** Which adapter stands behind each port, and why: one row each. */
function adapters(config: Config): [part: string, adapter: string, why: string][] {
  const { databaseUrl, redis, dataDir } = config;
  const database = databaseUrl === undefined ? undefined : new URL(databaseUrl);
  const queueAndBus = redis.url === undefined ? undefined : `Redis at ${new URL(redis.url).host}`;
  const worker: [string, string, string] = [
    'runs',
    'WebAssembly (QuickJS, Pyodide)',
    `WORKER_ISOLATION is ${config.workerIsolation}`,
  ];
  return [
    ['database', database === undefined ? 'SQLite' : `MySQL at ${database.host}`, why('DATABASE_URL', database)],
    [
      'run queue',
      queueAndBus === undefined ? 'BullMQ on embedded PGlite' : `BullMQ on ${queueAndBus}`,
      why('REDIS_URL', redis.url),
    ],
    ['bus', queueAndBus ?? 'within this process', why('REDIS_URL', redis.url)],
    [
      'secrets',
      config.jwtSecret === undefined ? 'made and kept in the data directory' : 'given',
      why('JWT_SECRET', config.jwtSecret),
    ],
    ...(config.roles.includes('worker') ? [worker] : []),
    ['data directory', dataDir, 'DATA_DIR'],
  ];
}

function why(name: string, value: unknown): string {
  return `${name} is ${value === undefined ? 'not set' : 'set'}`;
}

/** What a person sees when the program is ready. Holds no secret but the demo's password, which is public. */
export function startUpTable(config: Config, demo: Demo | undefined): string {
  const rows = adapters(config);
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]!.length)));
  const lines = rows.map(
    ([part, adapter, reason]) => `  ${part.padEnd(widths[0]!)}  ${adapter.padEnd(widths[1]!)}  ${reason}`,
  );
  const welcome =
    demo === undefined
      ? []
      : [
          '',
          `  Demo logins (password ${demo.password}, join code ${demo.joinCode}):`,
          ...demo.logins.map((login) => `    ${login}`),
        ];
  return [
    `Lectern is ready: ${config.http.publicUrl}   (roles: ${config.roles.join(', ')})`,
    '',
    ...lines,
    ...welcome,
    '',
  ].join('\n');
}
