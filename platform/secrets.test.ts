import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test, { type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { loadSecrets } from './secrets.ts';

function emptyDir(t: TestContext): string {
  const dir = mkdtempSync(path.join(tmpdir(), 'lectern-secrets-'));
  t.after(() => rmSync(dir, { recursive: true }));
  return dir;
}

test('[OPS11] a configured secret is used as it is and nothing is written', (t) => {
  const dataDir = emptyDir(t);
  const jwtSecret = 'configured '.repeat(4);
  assert.deepEqual(loadSecrets({ jwtSecret, dataDir }), { jwtSecret });
  assert.deepEqual(readdirSync(dataDir), []);
});

test('[OPS12] without one a secret is made once, for its owner alone, and stays the same', (t) => {
  const dataDir = path.join(emptyDir(t), 'not', 'there', 'yet');
  const first = loadSecrets({ jwtSecret: undefined, dataDir });
  assert.ok(Buffer.byteLength(first.jwtSecret) >= 32);
  assert.deepEqual(loadSecrets({ jwtSecret: undefined, dataDir }), first);
  assert.deepEqual(readdirSync(dataDir), ['secrets.json'], 'no draft is left behind');
  assert.equal(statSync(path.join(dataDir, 'secrets.json')).mode & 0o777, 0o600);
  assert.notDeepEqual(loadSecrets({ jwtSecret: undefined, dataDir: emptyDir(t) }), first);
});

test('[OPS13] processes that start at once agree on the secret', async (t) => {
  const dataDir = emptyDir(t);
  const program = `
    import { loadSecrets } from ${JSON.stringify(import.meta.resolve('./secrets.ts'))};
    process.stdout.write(loadSecrets({ jwtSecret: undefined, dataDir: ${JSON.stringify(dataDir)} }).jwtSecret);`;
  const starts = Array.from({ length: 4 }, () =>
    promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program]),
  );
  const secrets = new Set((await Promise.all(starts)).map(({ stdout }) => stdout));
  assert.equal(secrets.size, 1);
  assert.deepEqual(JSON.parse(readFileSync(path.join(dataDir, 'secrets.json'), 'utf8')), {
    jwtSecret: [...secrets][0],
  });
});

test('[OPS14] a secrets file that cannot be used stops the start and is left alone', (t) => {
  const dataDir = emptyDir(t);
  const file = path.join(dataDir, 'secrets.json');
  for (const content of ['', '{"jwtSecret":', '{"jwtSecret":"short"}']) {
    writeFileSync(file, content);
    assert.throws(
      () => loadSecrets({ jwtSecret: undefined, dataDir }),
      /secrets\.json cannot be used\. Restore it, or/,
    );
    assert.equal(readFileSync(file, 'utf8'), content);
  }
});
