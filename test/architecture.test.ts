import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import path from 'node:path';
import test from 'node:test';

/**
 * Who may import whom: the picture of docs/ARCHITECTURE.md as a table. A room is a top-level folder, or a file at the top;
 * the page itself is a room apart from what builds it. `node` stands for the modules of Node, `npm` for any package but
 * the owned ones below. Test files may also use test/ and the migrations.
 */
const edges: Record<string, readonly string[]> = {
  contract: ['zod'],
  platform: ['contract', 'node', 'npm'],
  server: ['contract', 'platform', 'node', 'npm'],
  collab: ['contract', 'platform', 'node', 'npm'],
  'compile-bridge': ['contract', 'platform', 'node', 'npm'],
  worker: ['contract', 'platform', 'node', 'npm'],
  migrations: ['contract', 'platform', 'node', 'kysely'],
  'web/src': ['contract', 'npm'],
  web: ['node', 'npm'],
  'web/test': ['contract', 'web', 'web/src', 'node', 'npm'],
  'main.ts': ['contract', 'platform', 'server', 'collab', 'compile-bridge', 'worker', 'migrations', 'web', 'node'],
  scripts: ['contract', 'platform', 'node', 'npm'],
  bench: ['*'],
  test: ['*'],
};
/** A room is entered by its door only; contract/, platform/ and test/ are open to those that may enter. */
const doors: Record<string, string> = { web: 'web/build.ts' };
const edgesOfTests = ['test', 'migrations', 'node', 'npm'];

/** A heavy dependency has one owner: nobody else imports it, but tests that speak to the real thing. */
const owners: Record<string, RegExp> = {
  '@electric-sql/pglite': /^platform\/queue\//,
  '@hocuspocus/server': /^collab\//,
  bullmq: /^platform\/queue\//,
  express: /^server\//,
  ioredis: /^platform\/redis\.ts$/,
  jsonwebtoken: /^platform\/tokens\.ts$/,
  mysql2: /^platform\/db\//,
  pino: /^platform\/log\.ts$/,
  'prom-client': /^platform\/metrics\.ts$/,
  pyodide: /^worker\//,
  'quickjs-emscripten': /^worker\//,
};

/** Files of server/<feature>/ that another feature may import; server/http is plumbing and open to all. */
const featureDoor = /(^|\/)(policy|service)\.ts$/;

const ignored = ['**/node_modules', 'web/dist', '.data'];
const root = path.dirname(import.meta.dirname);
const sources = globSync('**/*.{ts,tsx}', { cwd: root, exclude: ignored }).filter((file) => !file.endsWith('.d.ts'));

const isTest = (file: string) => /\.(test|suite)\.ts$/.test(file) || file.startsWith('test/');
const roomOf = (file: string) => /^(web\/src|web\/test|[^/]+)/.exec(file)![0];
const packageOf = (specifier: string) => specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');

/** All that a file loads: static and dynamic imports, re-exports, and threads started by `new URL('./x.ts', import.meta.url)`. */
function importsOf(file: string): string[] {
  const code = readFileSync(path.join(root, file), 'utf8')
    .replace(/\/\*.*?\*\//gs, '')
    .replace(/^\s*\/\/.*$/gm, '');
  const imports = code.matchAll(/\b(?:from|import|import\.meta\.resolve)\s*\(?\s*['"]([^'"]+)['"]/g);
  const threads = code.matchAll(/\bnew URL\(\s*['"](\.[^'"]+\.ts)['"]/g);
  return [...imports, ...threads].map((match) => match[1]!);
}

/** Where an import leads: a path of this project, `node`, or the name of a package. */
function targetOf(file: string, specifier: string): { path: string } | { node: true } | { package: string } {
  if (specifier.startsWith('#')) return { path: specifier.slice(1) };
  if (specifier.startsWith('.')) return { path: path.posix.join(path.posix.dirname(file), specifier) };
  if (specifier.startsWith('node:') || builtinModules.includes(specifier)) return { node: true };
  return { package: packageOf(specifier) };
}

/** Why this import is wrong; undefined when it is allowed. */
function objection(file: string, specifier: string): string | undefined {
  const room = roomOf(file);
  const allowed = [...(edges[room] ?? []), ...(isTest(file) ? edgesOfTests : [])];
  const may = (name: string) => allowed.includes('*') || allowed.includes(name);
  const target = targetOf(file, specifier);
  if ('node' in target) return may('node') ? undefined : `${room} is free of node`;
  if ('package' in target) {
    const owner = owners[target.package];
    if (owner && !isTest(file)) return owner.test(file) ? undefined : `${target.package} belongs to ${owner.source}`;
    return may('npm') || may(target.package) ? undefined : `${room} may not use the package ${target.package}`;
  }
  const other = roomOf(target.path);
  if (other === room || target.path === 'package.json') return featureObjection(file, target.path);
  if (!may(other)) return `${room} may not import ${other}`;
  const door = doors[other] ?? `${other}/index.ts`;
  const open = ['contract', 'platform', 'test'].includes(other) || isTest(file) || target.path === door;
  return open ? undefined : `the door of ${other} is ${door}`;
}

function featureObjection(file: string, target: string): string | undefined {
  const featureOf = (name: string) => /^server\/([^/]+)\//.exec(name)?.[1];
  const [from, to] = [featureOf(file), featureOf(target)];
  if (from === undefined || to === undefined || from === to || to === 'http' || isTest(file)) return undefined;
  return featureDoor.test(target) ? undefined : `${from} may enter ${to} only by its policy or service`;
}

test('[TOOL1] every import goes along an allowed edge', () => {
  const wrong = sources.flatMap((file) =>
    importsOf(file)
      .map((specifier) => ({ specifier, why: objection(file, specifier) }))
      .filter(({ why }) => why !== undefined)
      .map(({ specifier, why }) => `${file} imports ${specifier}: ${why}`),
  );
  assert.deepEqual(wrong, []);
});

test('[TOOL1] the rule finds wrong imports of each kind', () => {
  const cases: [string, string, RegExp | undefined][] = [
    ['contract/roles.ts', 'node:fs', /free of node/],
    ['contract/roles.ts', 'yjs', /may not use the package yjs/],
    ['contract/roles.ts', '../platform/log.ts', /may not import platform/],
    ['collab/index.ts', '../server/index.ts', /collab may not import server/],
    ['server/runs/routes.ts', '#contract/run.ts', undefined],
    ['server/runs/routes.ts', '../classrooms/store.ts', /only by its policy or service/],
    ['server/runs/routes.ts', '../classrooms/policy.ts', undefined],
    ['server/runs/routes.ts', '../http/route.ts', undefined],
    ['server/runs/store.ts', 'ioredis', /belongs to/],
    ['platform/redis.ts', 'ioredis', undefined],
    ['main.ts', './collab/gateway/channel.ts', /the door of collab/],
    ['main.ts', './collab/index.ts', undefined],
    ['main.ts', './web/vite.config.ts', /the door of web/],
    ['web/src/main.tsx', '../../platform/log.ts', /may not import platform/],
    ['web/src/main.tsx', 'node:path', /free of node/],
    ['platform/bus/bus.test.ts', '../../test/support/wait-for.ts', undefined],
    ['platform/bus/bus.ts', '../../test/support/wait-for.ts', /may not import test/],
  ];
  for (const [file, specifier, expected] of cases) {
    const why = objection(file, specifier);
    if (expected === undefined) assert.equal(why, undefined, `${file} → ${specifier}`);
    else assert.match(why ?? 'allowed', expected, `${file} → ${specifier}`);
  }
});

test('[TOOL2] every source file is in a room of the table', () => {
  assert.deepEqual(
    sources.filter((file) => !Object.hasOwn(edges, roomOf(file))),
    [],
  );
});

test('[TOOL3] no file is over 400 lines, names are kebab-case, and no folder is a drawer for everything', () => {
  const files = globSync('**/*.{ts,tsx,cjs,mjs,js,css,html}', { cwd: root, exclude: ignored });
  const lines = (file: string) => readFileSync(path.join(root, file), 'utf8').split('\n').length - 1;
  assert.deepEqual(
    files.filter((file) => lines(file) > 400),
    [],
  );
  assert.deepEqual(
    files.filter((file) => !file.split('/').every((part) => /^\.?[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9-]+)*$/.test(part))),
    [],
  );
  assert.deepEqual(
    files.filter((file) => /(^|\/)(utils?|helpers?|common|shared|misc)\//.test(file)),
    [],
  );
});
