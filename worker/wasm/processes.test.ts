import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { test } from 'node:test';
import { childProcesses, openPrograms } from '../../test/support/programs.ts';
import { waitFor } from '../../test/support/wait-for.ts';
import { javascriptEngine } from './engines.ts';

const skip = process.platform === 'linux' ? false : 'processes are counted by /proc';

function alive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test(
  '[WRK21] one process is kept ready for each engine, used once, and replaced when it is used or dies',
  { skip },
  async () => {
    const programs = openPrograms([javascriptEngine]);
    const spare = (other?: number) =>
      waitFor(() => {
        const children = childProcesses();
        return children.length === 1 && children[0] !== other && children[0];
      });
    try {
      const first = await spare();
      assert.equal((await programs.run('javascript', 'console.log(1)')).stdout, '1\n');
      assert.ok(!alive(first));
      const second = await spare(first);
      process.kill(second, 'SIGKILL');
      await spare(second);
      const many = await Promise.all([1, 2, 3].map((n) => programs.run('javascript', `console.log(${n})`)));
      assert.deepEqual(
        many.map(({ stdout }) => stdout),
        ['1\n', '2\n', '3\n'],
      );
      await spare();
    } finally {
      await programs.close();
    }
    assert.deepEqual(childProcesses(), []);
  },
);

test('[WRK21] an executor closes at once while its engines still start', { skip }, async () => {
  const programs = openPrograms();
  const running = programs.run('python', 'print(1)');
  await Promise.all([assert.rejects(running, /worker is closed/), programs.close()]);
  assert.deepEqual(childProcesses(), []);
});

test('[WRK24] programs end when their worker is killed', { skip }, async () => {
  const doomed = spawn(process.execPath, [path.join(import.meta.dirname, '../../test/support/doomed-executor.ts')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(doomed.stdout, 'data')) as [Buffer];
  const pids = JSON.parse(line.toString()) as number[];
  assert.ok(pids.length >= 3 && pids.every(alive));
  doomed.kill('SIGKILL');
  await waitFor(() => !pids.some(alive), { withinMs: 20_000, what: 'the end of the programs' });
});

test('[WRK25] without a place for temporary files engines start slowly and run all the same', async () => {
  const { TMPDIR } = process.env;
  process.env['TMPDIR'] = '/nowhere';
  const programs = openPrograms();
  try {
    assert.equal((await programs.run('javascript', 'console.log(6 * 7)')).stdout, '42\n');
    assert.equal((await programs.run('python', 'print(6 * 7)')).stdout, '42\n');
  } finally {
    if (TMPDIR === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = TMPDIR;
    await programs.close();
  }
});
