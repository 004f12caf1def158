import assert from 'node:assert/strict';
import { cp, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import type { RunJob } from '#contract/run.ts';
import { openRunQueue, type RunQueue } from '#platform/queue/index.ts';
import { testLog } from '../support/databases.ts';
import { runJob } from '../support/run-jobs.ts';
import { waitFor } from '../support/wait-for.ts';
import { startQueueProcess } from './queue.processes.ts';
import { recordEvents } from './queue.suite.ts';

let folder: string;
let dataDir: string;

const open = (its = dataDir): Promise<RunQueue> =>
  openRunQueue({ redisUrl: undefined, prefix: '', dataDir: its, log: testLog });

// The first start of a PostgreSQL takes seconds; the tests go on with the files of the one before.
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'lectern-queue-'));
  dataDir = path.join(folder, 'data');
  await (await open()).close();
});
after(() => rm(folder, { recursive: true }));

test('[QUE11] embedded: jobs wait through kill -9 and an orderly restart, an active one fails', async () => {
  const jobs = [runJob('killed'), runJob('killed'), runJob('killed')];
  const child = await startQueueProcess({ redisUrl: undefined, prefix: '', dataDir, language: 'killed', jobs });
  assert.equal(child.runId, jobs[0]!.runId);
  await child.kill();

  const kept = runJob('kept');
  const afterKill = await open();
  try {
    const { settled, events } = recordEvents();
    await afterKill.watch(['killed'], events);
    const begun: string[] = [];
    await afterKill.consume('killed', { concurrency: 1 }, async (data) => void begun.push((data as RunJob).runId));
    await waitFor(() => jobs.every(({ runId }) => settled.has(runId)), { withinMs: 15_000 });
    assert.deepEqual(begun, [jobs[1]!.runId, jobs[2]!.runId]);
    assert.equal(settled.get(child.runId)?.outcome, 'failed');
    assert.equal((await afterKill.state('killed', child.runId)).state, 'failed');
    await afterKill.add(kept);
  } finally {
    await afterKill.close();
  }

  const afterClose = await open();
  try {
    assert.deepEqual(await afterClose.state('kept', kept.runId), { state: 'waiting' });
    await afterClose.consume('kept', { concurrency: 1 }, async (data) => data);
    await waitFor(async () => (await afterClose.state('kept', kept.runId)).state === 'completed');
    assert.deepEqual((await afterClose.state('kept', kept.runId)).value, kept);
  } finally {
    await afterClose.close();
  }
});

/** The 99th percentile of the event loop's delay while something goes on, in milliseconds. */
async function delayDuring(work: () => Promise<unknown>): Promise<number> {
  const delays = monitorEventLoopDelay({ resolution: 5 });
  delays.enable();
  await work();
  delays.disable();
  return delays.percentile(99) / 1e6;
}

test('[QUE12] embedded: the work is not done in the main thread, whose event loop stays free', async () => {
  const queue = await open();
  try {
    const { settled, events } = recordEvents();
    await queue.watch(['busy'], events);
    await queue.consume('busy', { concurrency: 4 }, async (data) => data);
    // A machine that is busy with other things delays any loop.
    const idleMs = await delayDuring(() => delay(500));
    const rounds: { p99Ms: number; cpuShare: number }[] = [];
    for (let round = 0; round < 3; round += 1) {
      const jobs = Array.from({ length: 50 }, () => runJob('busy'));
      const [own, all] = [process.threadCpuUsage(), process.cpuUsage()];
      const p99Ms = await delayDuring(async () => {
        await Promise.all(jobs.map((job) => queue.add(job)));
        await waitFor(() => jobs.every(({ runId }) => settled.has(runId)), { withinMs: 15_000 });
      });
      const spent = ({ user, system }: { user: number; system: number }) => user + system;
      rounds.push({ p99Ms, cpuShare: spent(process.threadCpuUsage(own)) / spent(process.cpuUsage(all)) });
    }
    const told = JSON.stringify({ idleMs, rounds });
    assert.ok(Math.max(...rounds.map(({ cpuShare }) => cpuShare)) < 0.25, told);
    assert.ok(Math.min(...rounds.map(({ p99Ms }) => p99Ms)) < Math.max(50, idleMs * 2), told);
  } finally {
    await queue.close();
  }
});

test('[QUE13] embedded: unreadable files are moved aside', async () => {
  const broken = path.join(folder, 'broken');
  await cp(path.join(dataDir, 'queue'), path.join(broken, 'queue'), { recursive: true });
  await writeFile(path.join(broken, 'queue/global/pg_control'), 'torn');
  const queue = await open(broken);
  try {
    const job = runJob('anew');
    await queue.add(job);
    assert.equal((await queue.state('anew', job.runId)).state, 'waiting');
    const aside = (await readdir(broken)).filter((name) => name.startsWith('queue.unreadable-'));
    assert.equal(aside.length, 1);
    assert.ok((await readdir(path.join(broken, aside[0]!))).includes('PG_VERSION'));
  } finally {
    await queue.close();
  }
});

test('[QUE16] embedded: a process that closed its queue ends', async () => {
  const task = { redisUrl: undefined, prefix: '', dataDir, language: 'ends', jobs: [runJob('ends')] };
  const child = await startQueueProcess({ ...task, close: 'at once' });
  assert.match(await child.end(20_000), /closed\n$/);
});

test('[QUE19] embedded: without its thread the queue is unavailable', async () => {
  const threads: Worker[] = [];
  const onWorker = (worker: Worker) => threads.push(worker);
  process.on('worker', onWorker);
  const queue = await open();
  process.off('worker', onWorker);
  try {
    const begun = Promise.withResolvers<AbortSignal>();
    await queue.consume('orphan', { concurrency: 1 }, async (_, { signal }) => {
      begun.resolve(signal);
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    });
    await queue.add(runJob('orphan'));
    const signal = await begun.promise;
    const waiting = assert.rejects(queue.state('orphan', 'x'), { name: 'AppError', code: 'unavailable' });
    await threads[0]!.terminate();
    await waiting;
    assert.equal(queue.healthy(), false);
    assert.equal(signal.reason, 'lost');
    await assert.rejects(queue.add(runJob('orphan')), { name: 'AppError', code: 'unavailable' });
  } finally {
    await queue.close();
  }
});
