import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, readdir, rm, stat, symlink, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test, { after, before } from 'node:test';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = path.join(import.meta.dirname, '../..');

/** A copy of the project with a page small enough to be built in a moment. */
let copy: string;
const inCopy = (...parts: string[]) => path.join(copy, ...parts);
const build = async () => {
  const { stdout } = await run(process.execPath, [inCopy('web/build.ts')], { cwd: copy });
  const lines = stdout.trim().split('\n');
  return { dir: lines.at(-1)!, built: lines.length > 1 };
};

before(async () => {
  copy = await mkdtemp(path.join(tmpdir(), 'lectern-page-'));
  for (const file of [
    'package.json',
    'package-lock.json',
    'contract',
    'web/build.ts',
    'web/compress.ts',
    'web/vite.config.ts',
    'web/index.html',
  ]) {
    await cp(path.join(root, file), inCopy(file), { recursive: true });
  }
  await cp(path.join(root, 'web/public'), inCopy('web/public'), { recursive: true });
  await cp(path.join(root, 'web/src/route.ts'), inCopy('web/src/route.ts'));
  await writeFile(
    inCopy('web/src/main.tsx'),
    "import { parsePath } from './route.ts';\nconsole.log(parsePath('/'));\n",
  );
  await writeFile(inCopy('web/public/large.svg'), `<svg>${' '.repeat(5_000)}</svg>`);
  await symlink(path.join(root, 'node_modules'), inCopy('node_modules'));
});
after(() => rm(copy, { recursive: true, force: true }));

test('[WEB12] starts at the same time build one page that is whole; the next one builds nothing', async () => {
  const [first, second] = await Promise.all([build(), build()]);
  assert.equal(first.dir, second.dir);
  assert.deepEqual(await build(), { dir: first.dir, built: false });
  assert.deepEqual(await readdir(inCopy('web/dist')), [path.basename(first.dir)]);
  const html = await readFile(path.join(first.dir, 'index.html'), 'utf8');
  const script = /src="\/(assets\/[^"]+\.js)"/.exec(html)?.[1];
  for (const compressed of ['large.svg.br', 'large.svg.gz']) {
    assert.ok((await stat(path.join(first.dir, compressed))).size < 500);
  }
  assert.ok(script !== undefined && (await readFile(path.join(first.dir, script))).length > 0);
});

test('[WEB12] a change of the page or of the contract asks for a new build, a test does not', async () => {
  const first = await build();
  await writeFile(inCopy('web/src/some.test.ts'), '');
  assert.equal((await build()).dir, first.dir);
  await writeFile(inCopy('contract/ids.ts'), `${await readFile(inCopy('contract/ids.ts'), 'utf8')}\n// changed\n`);
  const next = await build();
  assert.ok(next.built);
  assert.notEqual(next.dir, first.dir);
});

test('[WEB13] without Vite the build made ahead of time is served; without both it says what to do', async () => {
  const ahead = await build();
  await unlink(inCopy('node_modules'));
  await writeFile(inCopy('web/src/main.tsx'), '// changed since');
  assert.equal((await build()).dir, ahead.dir);
  await rm(inCopy('web/dist'), { recursive: true });
  await assert.rejects(build(), /npm install.*node web\/build\.ts/s);
});
