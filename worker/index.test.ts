import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { defaultRunLimits, runResultSchema } from '#contract/run.ts';
import { systemClock } from '#platform/clock.ts';
import type { Config } from '#platform/config.ts';
import { createNewId } from '#platform/ids.ts';
import { openRunQueue, type RunQueue, type Settled } from '#platform/queue/index.ts';
import { testLog } from '../test/support/databases.ts';
import { runJob } from '../test/support/run-jobs.ts';
import { childProcesses } from '../test/support/programs.ts';
import { waitFor } from '../test/support/wait-for.ts';
import { startWorker } from './index.ts';

const start = (queue: RunQueue, isolation: Config['workerIsolation'] = 'auto') =>
  startWorker({ queue, log: testLog, clock: systemClock, newId: createNewId(Date.now), config: { isolation } });

async function withQueue(use: (queue: RunQueue, settled: Settled[]) => Promise<void>): Promise<void> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'lectern-worker-'));
  const queue = await openRunQueue({ redisUrl: undefined, prefix: '{lectern}', dataDir, log: testLog });
  const settled: Settled[] = [];
  try {
    const events = { active: () => {}, progress: () => {}, settled: (event: Settled) => void settled.push(event) };
    await queue.watch(['javascript', 'python'], events);
    await use(queue, settled);
  } finally {
    await queue.close();
    await rm(dataDir, { recursive: true });
  }
}

test('[WRK2, WRK23] the worker registers, runs what the queue brings, and is gone when it is closed', async () => {
  await withQueue(async (queue, settled) => {
    const worker = await start(queue);
    const [registration] = (await queue.workers()).values();
    assert.partialDeepStrictEqual(registration, { v: 1, isolation: 'wasm' });
    assert.deepEqual(
      registration!.languages.map(({ id, version }) => [id, version !== '']),
      [
        ['javascript', true],
        ['typescript', true],
        ['python', true],
      ],
    );
    assert.match(registration!.languages[2]!.version, /^3\.\d+/);
    assert.deepEqual(registration!.limits, { ...defaultRunLimits, cpuMs: defaultRunLimits.wallMs, processes: 1 });
    assert.ok(registration!.slots >= 2);

    const files = [{ path: 'main.py', content: 'print(sum(map(int, input().split())))' }];
    const job = runJob('python', { files, stdin: { mode: 'text', text: '20 22\n' } });
    await queue.add(job);
    const event = await waitFor(() => settled.find(({ runId }) => runId === job.runId), { withinMs: 50_000 });
    assert.ok(event.outcome === 'completed', JSON.stringify(event));
    const result = runResultSchema.parse(event.value);
    assert.partialDeepStrictEqual(result, { runId: job.runId, status: 'ok', stdout: '42\n', isolation: 'wasm' });

    const renewed = async () => [...(await queue.workers()).values()][0]!.heartbeatAt > registration!.heartbeatAt;
    await waitFor(renewed, { withinMs: 10_000 });

    await worker.close();
    assert.equal((await queue.workers()).size, 0);
    if (process.platform === 'linux') assert.deepEqual(childProcesses(), []);
  });
});

test('[WRK22] a worker that closes ends a run in hand as failed in the queue, not as a result', async () => {
  await withQueue(async (queue, settled) => {
    const worker = await start(queue);
    const files = [{ path: 'main.js', content: 'setInterval(() => {}, 1000)' }];
    const job = runJob('javascript', { files, entry: 'main.js' });
    await queue.add(job);
    await waitFor(async () => (await queue.state('javascript', job.runId)).state === 'active', { withinMs: 20_000 });
    await worker.close();
    const event = await waitFor(() => settled.find(({ runId }) => runId === job.runId));
    assert.equal(event.outcome, 'failed');
  });
});

test('[WRK3] a level of isolation that cannot be had is refused with what to set instead', async () => {
  await withQueue(async (queue) => {
    for (const isolation of ['full', 'guarded', 'remote'] as const) {
      await assert.rejects(start(queue, isolation), (error: Error) => {
        assert.match(error.message, new RegExp(`WORKER_ISOLATION=${isolation} cannot be had.*WORKER_ISOLATION=auto`));
        return true;
      });
    }
    assert.equal((await queue.workers()).size, 0);
    const worker = await start(queue, 'wasm');
    assert.equal((await queue.workers()).size, 1);
    await worker.close();
  });
});
