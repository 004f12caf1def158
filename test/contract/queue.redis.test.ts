import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Worker } from 'bullmq';
import { AppError } from '#contract/errors.ts';
import { type RunJob, runJobSchema, runResultSchema, type WorkerRegistration } from '#contract/run.ts';
import { openRunQueue, type RunQueue } from '#platform/queue/index.ts';
import type { Log } from '#platform/log.ts';
import { testLog } from '../support/databases.ts';
import { recordLog } from '../support/record-log.ts';
import {
  newPrefix,
  openPlainRedis,
  openRedisProxy,
  redisUrl,
  removeKeys,
  skipRedis as skip,
} from '../support/redis.ts';
import { runJob } from '../support/run-jobs.ts';
import { waitFor } from '../support/wait-for.ts';
import { startQueueProcess } from './queue.processes.ts';
import { recordEvents } from './queue.suite.ts';

const prefix = newPrefix();
const open = (url = redisUrl, log: Log = testLog): Promise<RunQueue> =>
  openRunQueue({ redisUrl: url, prefix, dataDir: '', log });

if (skip === false) after(() => removeKeys(prefix));

const unavailable = (error: unknown) => error instanceof AppError && error.code === 'unavailable';

test('[QUE11, QUE14] redis: the job of a killed worker fails, with or without another worker', { skip }, async () => {
  const queue = await open();
  const children: Awaited<ReturnType<typeof startQueueProcess>>[] = [];
  try {
    const { settled, events } = recordEvents();
    await queue.watch(['lonely', 'shared'], events);
    for (const language of ['lonely', 'shared']) {
      const jobs = [runJob(language), runJob(language)];
      children.push(await startQueueProcess({ redisUrl, prefix, dataDir: '', language, jobs }));
    }
    const begun: string[] = [];
    const work = (language: string) =>
      queue.consume(language, { concurrency: 1 }, async (data) => void begun.push((data as RunJob).runId));
    await work('shared');
    await Promise.all(children.map((child) => child.kill()));

    const lost = children.map(({ runId }) => runId);
    await waitFor(() => lost.every((runId) => settled.get(runId)?.outcome === 'failed'), { withinMs: 15_000 });
    assert.equal((await queue.state('lonely', lost[0]!)).state, 'failed');
    await work('lonely');
    await waitFor(() => settled.size === 4);
    assert.equal(begun.length, 2);
    assert.ok(!begun.some((runId) => lost.includes(runId)));
    assert.equal((await queue.state('lonely', lost[0]!)).state, 'failed');
  } finally {
    await Promise.all(children.map((child) => child.kill()));
    await queue.close();
  }
});

test('[QUE14] redis: a worker that is cut off loses its job and is told so', { skip }, async () => {
  const proxy = await openRedisProxy();
  const [near, far] = await Promise.all([open(proxy.url), open()]);
  try {
    const { settled, events } = recordEvents();
    await far.watch(['cut'], events);
    const reasons: unknown[] = [];
    let runs = 0;
    await near.consume('cut', { concurrency: 1 }, async (_, { signal }) => {
      runs += 1;
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      reasons.push(signal.reason);
      return { status: 'ok' };
    });
    const job = runJob('cut');
    await far.add(job);
    await waitFor(() => runs === 1);
    await proxy.cut();
    await waitFor(() => settled.get(job.runId)?.outcome === 'failed', { withinMs: 15_000 });
    await proxy.restore();
    await waitFor(() => reasons.length === 1, { withinMs: 15_000 });
    assert.deepEqual(reasons, ['lost']);
    const next = runJob('cut');
    await far.add(next);
    await waitFor(() => runs === 2);
    assert.equal((await far.state('cut', job.runId)).state, 'failed');
  } finally {
    await Promise.all([near.close(), far.close()]);
    await proxy.close();
  }
});

test('[QUE15] redis: an outage refuses what is asked, and nothing else is lost', { skip }, async () => {
  const proxy = await openRedisProxy();
  const [near, far] = await Promise.all([open(proxy.url), open()]);
  try {
    const { settled, events } = recordEvents();
    await near.watch(['away'], events);
    await far.consume('away', { concurrency: 1 }, async () => 'done');
    const [meanwhile, refused, swallowed, later] = [runJob('away'), runJob('away'), runJob('away'), runJob('away')];
    assert.equal(near.healthy(), true);

    await proxy.cut();
    await waitFor(() => !near.healthy());
    const startedAt = performance.now();
    await Promise.all([
      assert.rejects(near.add(refused), unavailable),
      assert.rejects(near.add(runJob('not-seen-before')), unavailable),
      assert.rejects(near.remove('away', 'x'), unavailable),
      assert.rejects(near.state('away', 'x'), unavailable),
      assert.rejects(near.control('x', { type: 'eof' }), unavailable),
      assert.rejects(near.workers(), unavailable),
      assert.rejects(near.watch(['not-seen-before'], events), unavailable),
      assert.rejects(
        near.consume('away', { concurrency: 1 }, async () => 'never'),
        unavailable,
      ),
    ]);
    assert.ok(performance.now() - startedAt < 5_500);
    await far.add(meanwhile);
    await waitFor(async () => (await far.state('away', meanwhile.runId)).state === 'completed');
    assert.equal(settled.size, 0);

    await proxy.restore();
    await waitFor(() => near.healthy());
    await waitFor(() => settled.has(meanwhile.runId), { withinMs: 15_000 });
    await near.add(later);
    await waitFor(() => settled.has(later.runId));
    assert.equal((await far.state('away', refused.runId)).state, 'absent');

    proxy.freeze();
    const frozenAt = performance.now();
    await assert.rejects(near.add(swallowed), unavailable);
    assert.ok(performance.now() - frozenAt < 5_500);
    await proxy.restore();
    const state = await waitFor(() => near.state('away', swallowed.runId).catch(() => undefined));
    assert.equal(state.state, 'absent');
  } finally {
    await Promise.all([near.close(), far.close()]);
    await proxy.close();
  }
});

test('[QUE16] redis: a process that closed its queue ends, also while Redis is away', { skip }, async () => {
  const proxy = await openRedisProxy();
  const task = { redisUrl: proxy.url, prefix, dataDir: '' };
  try {
    const orderly = await startQueueProcess({ ...task, language: 'e1', jobs: [runJob('e1')], close: 'at once' });
    assert.match(await orderly.end(15_000), /closed\n$/);
    const cutOff = await startQueueProcess({ ...task, language: 'e2', jobs: [runJob('e2')], close: 'when away' });
    await proxy.cut();
    assert.match(await cutOff.end(20_000), /closed\n$/);
  } finally {
    await proxy.close();
  }
});

test('[QUE17] redis: a worker of plain BullMQ serves us', { skip }, async () => {
  const queue = await open();
  const { hostname, port } = new URL(redisUrl);
  const stream = openPlainRedis();
  const foreign = new Worker<unknown, unknown>(
    'run-foreign',
    async (job) => {
      const { runId } = runJobSchema.parse(job.data);
      assert.equal(job.id, runId);
      const [[, [[, fields]]]] = (await stream.xread('BLOCK', 5_000, 'STREAMS', `${prefix}:run:${runId}:in`, '0')) as [
        [string, [[string, string[]]]],
      ];
      return { v: 1, runId, status: 'ok', exitCode: 0, stdout: JSON.stringify(fields), stderr: '' };
    },
    { connection: { host: hostname, port: Number(port || 6379) }, prefix },
  );
  try {
    const { heard, settled, events } = recordEvents();
    await queue.watch(['foreign'], events);
    const job = runJob('foreign');
    await queue.add(job);
    await waitFor(() => heard.includes(`active ${job.runId}`));
    await queue.control(job.runId, { type: 'stdin', d: '20 22\n' });
    const end = await waitFor(() => settled.get(job.runId));
    assert.ok(end.outcome === 'completed');
    assert.equal(runResultSchema.parse(end.value).stdout, '["type","stdin","d","20 22\\n"]');
    assert.ok((await stream.ttl(`${prefix}:run:${job.runId}:in`)) > 590);
  } finally {
    await foreign.close();
    stream.disconnect();
    await queue.close();
  }
});

test('[QUE18] redis: registrations by others are read with care', { skip }, async () => {
  const { log, text } = recordLog();
  const queue = await open(redisUrl, log);
  const redis = openPlainRedis();
  const key = `${prefix}:workers`;
  try {
    const minimal = { v: 1, languages: [{ id: 'rust', version: '1.90' }], heartbeatAt: Date.now() };
    await redis.hset(key, {
      minimal: JSON.stringify(minimal),
      broken: '{"v":1',
      wrong: '{"v":1,"languages":"rust"}',
      forgotten: JSON.stringify({ ...minimal, heartbeatAt: Date.now() - 700_000 }),
    });
    const expected: WorkerRegistration = { ...minimal, v: 1, isolation: 'remote', slots: 1 };
    assert.deepEqual(await queue.workers(), new Map([['minimal', expected]]));
    assert.deepEqual(await queue.workers(), new Map([['minimal', expected]]));
    assert.deepEqual((await redis.hkeys(key)).toSorted(), ['broken', 'minimal', 'wrong']);
    assert.equal(text().match(/"workerId":"broken"/g)?.length, 1);
    assert.equal(text().match(/"workerId":"wrong"/g)?.length, 1);
  } finally {
    await redis.del(key);
    redis.disconnect();
    await queue.close();
  }
});
