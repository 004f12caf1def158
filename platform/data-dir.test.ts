import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { claimDataDir } from './data-dir.ts';

test('[OPS20] a data directory belongs to one process at a time, however that process ends', async (t) => {
  const base = mkdtempSync(path.join(tmpdir(), 'lectern-data-'));
  t.after(() => rmSync(base, { recursive: true }));
  const directory = path.join(base, 'new', 'data');
  const release = claimDataDir(directory);
  assert.equal(statSync(directory).mode & 0o777, 0o700);
  assert.throws(() => claimDataDir(directory), /Another Lectern process uses .*DATA_DIR/);
  release();

  const program = `
    import { claimDataDir } from ${JSON.stringify(import.meta.resolve('./data-dir.ts'))};
    claimDataDir(${JSON.stringify(directory)});
    process.stdout.write('claimed');
    setInterval(() => {}, 1_000);`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program]);
  t.after(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  assert.throws(() => claimDataDir(directory), /Another Lectern process/);
  child.kill('SIGKILL');
  await once(child, 'close');
  claimDataDir(directory)();
});
