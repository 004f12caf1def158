import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { runJobSchema } from '#contract/run.ts';
import { systemClock } from '#platform/clock.ts';
import { openRunQueue } from '#platform/queue/index.ts';
import { databaseEngines, testLog } from '../test/support/databases.ts';
import { openRunBench, testPrefix } from '../test/support/runs.ts';
import { openTcpProxy } from '../test/support/tcp-proxy.ts';
import { waitFor } from '../test/support/wait-for.ts';
import { startCompileBridge } from './index.ts';

const redisUrl = process.env.TEST_REDIS_URL;
const skip = redisUrl === undefined && 'set TEST_REDIS_URL to run this on Redis';
const quick = { sweepMs: 20, recheckMs: 100, cancelGraceMs: 200 };

test('[RUN14] a queue that is away', { skip }, async () => {
  const { hostname: host, port } = new URL(redisUrl!);
  const proxy = await openTcpProxy({ host, port: Number(port) });
  const prefix = testPrefix();
  const throughProxy = `redis://127.0.0.1:${proxy.port}`;
  const queue = await openRunQueue({ redisUrl: throughProxy, prefix, dataDir: '', log: testLog });
  const bench = await openRunBench(await databaseEngines[0]!.open());
  const { bus, db } = bench;
  const bridge = await startCompileBridge({ db, bus, queue, log: testLog, clock: systemClock, config: quick });
  try {
    const language = bench.newLanguage();
    const [ada, bob, eve] = [await bench.newPerson(), await bench.newPerson(), await bench.newPerson()];
    await proxy.cut();
    await waitFor(() => !queue.healthy());
    const waiting = await bench.store(ada, language);
    const late = await bench.store(bob, language, { deadline: Date.now() + 50 });
    const unwanted = await bench.store(eve, language, { cancel_requested_at: Date.now() });
    for (const runId of [waiting, late, unwanted]) await bus.publish('run.requested', { runId });

    // What time decides needs no queue; the rest waits for it.
    await bench.until(late, 'expired');
    await bench.until(unwanted, 'cancelled');
    assert.equal((await bench.read(waiting)).status, 'queued');

    await proxy.restore();
    await waitFor(() => queue.healthy(), { withinMs: 10_000 });
    const consumer = await queue.consume(language, { concurrency: 1 }, async (data) => {
      const { runId } = runJobSchema.parse(data);
      return { v: 1, runId, status: 'ok' };
    });
    await bench.until(waiting, 'ok');
    await consumer.close();
  } finally {
    await bridge.close();
    await queue.close();
    await proxy.close();
    await bench.close();
  }
});

test('[RUN15] a worker that dies', { skip }, async () => {
  const prefix = testPrefix();
  const queue = await openRunQueue({ redisUrl, prefix, dataDir: '', log: testLog });
  const bench = await openRunBench(await databaseEngines[0]!.open());
  const { bus, db } = bench;
  const bridge = await startCompileBridge({ db, bus, queue, log: testLog, clock: systemClock });
  const language = bench.newLanguage();
  const script = fileURLToPath(new URL('../test/support/doomed-worker.ts', import.meta.url));
  const worker = spawn(process.execPath, [script, redisUrl!, prefix, language], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const person = await bench.newPerson();
    const id = await bench.store(person, language);
    const next = await bench.store(person, language);
    await bus.publish('run.requested', { runId: id });
    await once(worker.stdout, 'data');
    await bench.until(id, 'running');
    worker.kill('SIGKILL');
    const row = await bench.until(id, 'lost');
    assert.ok(row.finished_at! - row.started_at! < 12_000);
    await waitFor(async () => (await queue.state(language, next)).state === 'waiting', { what: 'the next run' });
  } finally {
    worker.kill('SIGKILL');
    await bridge.close();
    await queue.close();
    await bench.close();
  }
});
