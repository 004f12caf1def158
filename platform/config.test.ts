import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { documentLimits } from '#contract/limits.ts';
import { ConfigError, environmentSchema, loadConfig } from './config.ts';

const secret = 'a secret of more than thirty-two bytes';
const production = {
  NODE_ENV: 'production',
  DATABASE_URL: 'mysql://u:p@db:3306/lectern',
  REDIS_URL: 'redis://cache:6379',
  JWT_SECRET: secret,
  PUBLIC_URL: 'https://class.example.org/',
};

/** The problems of a configuration that is refused. */
function problemsOf(environment: NodeJS.ProcessEnv, argv: string[] = []): string[] {
  try {
    loadConfig(environment, argv);
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    for (const problem of error.problems) assert.ok(error.message.includes(problem));
    return error.problems;
  }
  return [];
}

const namesOf = (problems: string[]) => problems.map((problem) => problem.split(':', 1)[0]);

test('[CFG1] an empty environment is the embedded default on this machine alone', () => {
  const config = loadConfig({}, []);
  assert.deepEqual(config, {
    roles: ['api', 'collab', 'bridge', 'worker'],
    production: false,
    embedded: true,
    http: {
      port: 3000,
      host: '127.0.0.1',
      publicUrl: 'http://localhost:3000',
      allowedOrigins: ['http://localhost:3000', 'http://127.0.0.1:3000', 'http://[::1]:3000'],
      trustProxy: [],
    },
    dataDir: path.resolve('.data'),
    databaseUrl: undefined,
    redis: { url: undefined, prefix: '{lectern}' },
    jwtSecret: undefined,
    metricsToken: undefined,
    drainTimeoutMs: 10_000,
    documentLimits,
    workerIsolation: 'auto',
    demo: true,
    logLevel: 'info',
  });
});

test('[CFG2] production listens on all addresses, has no demo and allows its own origin only', () => {
  const config = loadConfig(production, []);
  assert.equal(config.production, true);
  assert.equal(config.embedded, false);
  assert.equal(config.demo, false);
  assert.equal(config.http.host, '0.0.0.0');
  assert.equal(config.http.publicUrl, 'https://class.example.org');
  assert.deepEqual(config.http.allowedOrigins, ['https://class.example.org']);
  assert.equal(loadConfig({ ...production, DEMO: '1' }, []).demo, true);
});

test('[CFG3] production without what it needs is refused, and so is a database without a secret', () => {
  assert.deepEqual(namesOf(problemsOf({ NODE_ENV: 'production' })), ['DATABASE_URL', 'JWT_SECRET', 'PUBLIC_URL']);
  assert.deepEqual(namesOf(problemsOf({ DATABASE_URL: production.DATABASE_URL })), ['JWT_SECRET', 'PUBLIC_URL']);
});

test('[CFG4] all problems are told at once, one line each', () => {
  const problems = problemsOf(
    {
      NODE_ENV: 'production',
      PORT: 'http',
      PUBLIC_URL: 'class.example.org',
      DATABASE_URL: 'postgres://db/lectern',
      REDIS_URL: 'cache:6379',
      REDIS_PREFIX: 'lectern',
      JWT_SECRET: 'short',
      METRICS_TOKEN: 'short',
      DRAIN_TIMEOUT_MS: '-1',
      WORKER_ISOLATION: 'none',
      DEMO: 'yes',
      LOG_LEVEL: 'loud',
    },
    ['--roles', 'api,cook', '--fast'],
  );
  assert.deepEqual(namesOf(problems).toSorted(), [
    '--fast',
    '--roles',
    'DATABASE_URL',
    'DEMO',
    'DRAIN_TIMEOUT_MS',
    'JWT_SECRET',
    'LOG_LEVEL',
    'METRICS_TOKEN',
    'PORT',
    'PUBLIC_URL',
    'REDIS_PREFIX',
    'REDIS_URL',
    'WORKER_ISOLATION',
  ]);
  for (const problem of problems) assert.ok(!problem.includes('\n'));
  const mixed = problemsOf({ NODE_ENV: 'production', PORT: '70000' });
  assert.deepEqual(namesOf(mixed).toSorted(), ['DATABASE_URL', 'JWT_SECRET', 'PORT', 'PUBLIC_URL']);
});

test('[CFG5] a problem never repeats the value, which may be a secret', () => {
  const problems = problemsOf({
    DATABASE_URL: 'postgres://root:hunter2@db/x',
    JWT_SECRET: 'hunter2',
    METRICS_TOKEN: 'hunter2',
  });
  assert.deepEqual(namesOf(problems).toSorted(), ['DATABASE_URL', 'JWT_SECRET', 'METRICS_TOKEN', 'PUBLIC_URL']);
  assert.ok(!problems.join().includes('hunter2'));
});

test('[CFG6] every variable may come from a file, named by NAME_FILE', (t) => {
  const dir = mkdtempSync(path.join(tmpdir(), 'lectern-config-'));
  t.after(() => rmSync(dir, { recursive: true }));
  const file = (name: string, content: string) => {
    writeFileSync(path.join(dir, name), content);
    return path.join(dir, name);
  };
  const config = loadConfig({ JWT_SECRET_FILE: file('jwt', `${secret}\n`), PORT_FILE: file('port', '4000\n') }, []);
  assert.deepEqual([config.jwtSecret, config.http.port], [secret, 4000]);
  assert.equal(loadConfig({ PORT_FILE: file('empty', '\n') }, []).http.port, 3000);

  const problems = problemsOf({
    JWT_SECRET: secret,
    JWT_SECRET_FILE: file('jwt', secret),
    PORT_FILE: path.join(dir, 'no'),
  });
  assert.deepEqual(namesOf(problems), ['PORT_FILE', 'JWT_SECRET and JWT_SECRET_FILE']);
  assert.match(problems[0]!, /ENOENT/);
});

test('[CFG7] an empty value counts as unset', () => {
  const config = loadConfig(
    { PORT: '', DATABASE_URL: '', JWT_SECRET: '', DEMO: '', HOST: '', JWT_SECRET_FILE: '' },
    [],
  );
  assert.deepEqual(config, loadConfig({}, []));
});

test('[CFG8] --roles chooses roles, in any order and form, and part of them needs the shared stores', () => {
  assert.deepEqual(loadConfig(production, ['--roles', 'worker,api']).roles, ['api', 'worker']);
  assert.deepEqual(loadConfig(production, ['--roles=collab']).roles, ['collab']);
  assert.equal(loadConfig({}, ['--roles', 'worker,bridge,collab,api']).roles.length, 4);
  assert.deepEqual(namesOf(problemsOf({}, ['--roles', 'api'])), ['REDIS_URL', 'DATABASE_URL']);
  assert.deepEqual(namesOf(problemsOf({ ...production, REDIS_URL: '' }, ['--roles=api,collab,bridge'])), ['REDIS_URL']);
  for (const argv of [['--roles'], ['--roles='], ['--roles', ','], ['--roles', 'cook']]) {
    assert.match(problemsOf({}, argv)[0]!, /^--roles: .* is not a role; use: npm start -- /);
  }
});

const lanAddress = Object.values(networkInterfaces())
  .flat()
  .find((address) => address?.family === 'IPv4' && !address.internal)?.address;

test(
  '[CFG9] --lan listens on all addresses and names the machine in links',
  { skip: lanAddress === undefined && 'this machine has no address but the loopback' },
  () => {
    const { http } = loadConfig({ PORT: '4000' }, ['--lan']);
    assert.equal(http.host, '0.0.0.0');
    assert.equal(http.publicUrl, `http://${lanAddress}:4000`);
    assert.ok(http.allowedOrigins.includes(`http://${lanAddress}:4000`));
    assert.ok(http.allowedOrigins.includes('http://localhost:4000'));
    assert.equal(loadConfig({ PUBLIC_URL: 'http://class.local' }, ['--lan']).http.publicUrl, 'http://class.local');
  },
);

test('[CFG10] lists are separated by commas, and a given list of origins replaces the default', () => {
  const config = loadConfig(
    { ALLOWED_ORIGINS: ' https://a.example , https://b.example,', TRUST_PROXY: '10.0.0.1' },
    [],
  );
  assert.deepEqual(config.http.allowedOrigins, ['https://a.example', 'https://b.example']);
  assert.deepEqual(config.http.trustProxy, ['10.0.0.1']);
});

test('[CFG12] proxies are addresses, networks or names of local ones', () => {
  const trusted = ['10.0.0.1', '10.0.0.0/8', '::1', 'fd00::/8', 'loopback'];
  assert.deepEqual(loadConfig({ TRUST_PROXY: trusted.join(',') }, []).http.trustProxy, trusted);
  for (const TRUST_PROXY of ['proxy.local', '10.0.0.0/33', '10.0.0.1/8/8', '1', 'true', '10.0.0.1/x'])
    assert.throws(() => loadConfig({ TRUST_PROXY }, []), /TRUST_PROXY: must be addresses/, TRUST_PROXY);
});

test('[CFG13] document limits are changed by name, and a wrong pair is told', () => {
  const { documentLimits: changed } = loadConfig({ DOCUMENT_LIMITS: 'documentBytes=16777216, sleepAfterMs=1000' }, []);
  assert.deepEqual(changed, { ...documentLimits, documentBytes: 16_777_216, sleepAfterMs: 1_000 });
  for (const wrong of ['toString=1', 'documentBytes', 'documentBytes=-1', 'documentBytes=1e9', 'frameBytes=0']) {
    const problems = problemsOf({ DOCUMENT_LIMITS: wrong });
    assert.deepEqual(namesOf(problems), ['DOCUMENT_LIMITS']);
    assert.ok(problems[0]!.includes(wrong) && problems[0]!.includes('pendingBytes'));
  }
});

test('[CFG11] docs/OPERATIONS.md lists every variable with its default', () => {
  const page = readFileSync(new URL('../docs/OPERATIONS.md', import.meta.url), 'utf8');
  const listed = new Map(
    [...page.matchAll(/^\| `([A-Z_]+)` \| ([^|]+) \|/gm)].map(([, name, value]) => [name, value!]),
  );
  assert.deepEqual([...listed.keys()].toSorted(), Object.keys(environmentSchema.shape).toSorted());
  for (const [name, schema] of Object.entries(environmentSchema.shape)) {
    const preset: unknown = schema.safeParse(undefined).data;
    if (preset !== undefined) assert.ok(listed.get(name)!.includes(`\`${String(preset)}\``), name);
  }
});
