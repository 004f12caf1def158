import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import path from 'node:path';
import test from 'node:test';
import { promisify } from 'node:util';
import { AppError } from '#contract/errors.ts';
import { createMemoryBus } from '#platform/bus/memory-bus.ts';
import { openRedisBus } from '#platform/bus/redis-bus.ts';
import { recordLog } from '../support/record-log.ts';
import { newPrefix, openPlainRedis, openRedisProxy, redisUrl, skipRedis as skip } from '../support/redis.ts';
import { openTcpProxy } from '../support/tcp-proxy.ts';
import { waitFor } from '../support/wait-for.ts';
import { busSuite } from './bus.suite.ts';

busSuite({
  name: 'memory',
  skip: false,
  async open(log) {
    const bus = createMemoryBus({ log });
    return { here: bus, there: bus, close: () => bus.close() };
  },
});

busSuite({
  name: 'redis',
  skip,
  async open(log) {
    const prefix = newPrefix();
    const [here, there] = await Promise.all([
      openRedisBus({ url: redisUrl, prefix, log }),
      openRedisBus({ url: redisUrl, prefix, log }),
    ]);
    return { here, there, close: async () => void (await Promise.all([here.close(), there.close()])) };
  },
});

/** A bus behind a proxy, and another one that reaches Redis directly. */
async function openThroughProxy(options: { heartbeatMs?: number } = {}) {
  const prefix = newPrefix();
  const { log, text } = recordLog();
  const proxy = await openRedisProxy();
  const near = await openRedisBus({ url: proxy.url, prefix, log, ...options });
  const far = await openRedisBus({ url: redisUrl, prefix, log });
  const close = async () => {
    await Promise.all([near.close(), far.close()]);
    await proxy.close();
  };
  return { near, far, proxy, prefix, logged: text, close };
}

test('[BUS5] redis: text that is not ours on a channel is dropped', { skip }, async () => {
  const prefix = newPrefix();
  const { log, text } = recordLog();
  const bus = await openRedisBus({ url: redisUrl, prefix, log });
  const stranger = openPlainRedis();
  try {
    const heard: string[] = [];
    await bus.subscribe('run.requested', ({ runId }) => void heard.push(runId));
    await stranger.publish(`${prefix}:bus:run.requested`, '{"hunter2');
    await stranger.publish(`${prefix}:bus:run.requested`, '{"body":{"runId":"hunter2"}}');
    await stranger.publish(`${prefix}:bus:run.requested`, '{"from":"python","body":{"runId":"r1"}}');
    await waitFor(() => heard.length > 0);
    assert.deepEqual(heard, ['r1']);
    assert.match(text(), /"channel":"run.requested".*without an envelope/);
    assert.doesNotMatch(text(), /hunter2/);
  } finally {
    stranger.disconnect();
    await bus.close();
  }
});

test('[BUS11, BUS12] redis: an outage stays within its time', { skip }, async () => {
  const { near, far, proxy, logged, close } = await openThroughProxy();
  try {
    const [atNear, atFar]: [string[], string[]] = [[], []];
    await near.subscribe('run.requested', ({ runId }) => void atNear.push(runId));
    await far.subscribe('run.requested', ({ runId }) => void atFar.push(runId));
    await near.respond('document.read', async () => ({ epoch: 1, files: [] }));
    assert.equal(near.healthy(), true);

    await proxy.cut();
    await waitFor(() => !near.healthy());
    await near.publish('run.requested', { runId: 'from-near' });
    await far.publish('run.requested', { runId: 'from-far' });
    await waitFor(() => atNear.length > 0 && atFar.length > 0);
    assert.equal((await near.request('document.read', { name: 'x' })).epoch, 1);
    await assert.rejects(
      far.request('document.read', { name: 'x' }, { timeoutMs: 100 }),
      (error) => error instanceof AppError && error.code === 'unavailable',
    );

    await proxy.restore();
    await waitFor(() => near.healthy());
    await waitFor(async () => {
      await far.publish('run.requested', { runId: 'after-far' });
      return atNear.includes('after-far');
    });
    await near.publish('run.requested', { runId: 'after-near' });
    await waitFor(() => atFar.includes('after-near'));
    assert.equal((await far.request('document.read', { name: 'x' })).epoch, 1);
    assert.ok(!atNear.includes('from-far') && !atFar.includes('from-near'));
    assert.match(logged(), /Redis is away/);
    assert.match(logged(), /"unsent":1/);
  } finally {
    await close();
  }
});

test('[BUS13] redis: a connection that is silently dead is replaced', { skip }, async () => {
  const { near, far, proxy, close } = await openThroughProxy({ heartbeatMs: 100 });
  try {
    const heard: string[] = [];
    await near.subscribe('run.requested', ({ runId }) => void heard.push(runId));
    proxy.freeze();
    await waitFor(() => !near.healthy(), { what: 'the dead connection to be noticed' });
    await near.publish('run.requested', { runId: 'own' });
    assert.deepEqual(heard, ['own']);
    await proxy.restore();
    await waitFor(() => near.healthy());
    await waitFor(async () => {
      await far.publish('run.requested', { runId: 'after' });
      return heard.includes('after');
    });
  } finally {
    await close();
  }
});

test('[BUS14] redis: a process with a closed bus ends, also while Redis is away', { skip }, async () => {
  const { proxy, prefix, close } = await openThroughProxy();
  const program = `
    import { openRedisBus } from '#platform/bus/redis-bus.ts';
    import { createLog } from '#platform/log.ts';
    import { setTimeout } from 'node:timers/promises';
    const log = createLog({ level: 'silent' });
    const bus = await openRedisBus({ url: process.argv[1], prefix: process.argv[2], log });
    await bus.subscribe('run.requested', () => {});
    console.log('open');
    if (process.argv[3] === 'away') while (bus.healthy()) await setTimeout(10);
    await bus.close();
    console.log('closed');`;
  const run = (when: string) => {
    const child = promisify(execFile)(
      process.execPath,
      ['--input-type=module', '--eval', program, proxy.url, prefix, when],
      {
        cwd: path.join(import.meta.dirname, '../..'),
        timeout: 20_000,
      },
    );
    return child;
  };
  try {
    assert.equal((await run('up')).stdout, 'open\nclosed\n');
    const child = run('away');
    const opened = Promise.withResolvers<void>();
    child.child.stdout?.once('data', () => opened.resolve());
    await opened.promise;
    await proxy.cut();
    assert.equal((await child).stdout, 'open\nclosed\n');
  } finally {
    await close();
  }
});

test('[BUS15] redis: another prefix is another bus', { skip }, async () => {
  const { log } = recordLog();
  const [prefix, otherPrefix] = [newPrefix(), newPrefix()];
  const open = (its: string) => openRedisBus({ url: redisUrl, prefix: its, log });
  const [a, b, other] = await Promise.all([open(prefix), open(prefix), open(otherPrefix)]);
  try {
    const heard: string[] = [];
    await b.subscribe('run.requested', () => void heard.push('same'));
    await other.subscribe('run.requested', () => void heard.push('other'));
    await a.publish('run.requested', { runId: 'a' });
    await waitFor(() => heard.length > 0);
    await b.publish('run.requested', { runId: 'b' });
    await waitFor(() => heard.length > 1);
    assert.deepEqual(heard, ['same', 'same']);
  } finally {
    await Promise.all([a.close(), b.close(), other.close()]);
  }
});

test('[BUS16] without Redis the bus does not open, and does not tell the password', async () => {
  const { log, text } = recordLog();
  const nobody = await openTcpProxy({ host: '127.0.0.1', port: 1 });
  await nobody.close();
  const url = `redis://:hunter2@127.0.0.1:${nobody.port}`;
  await assert.rejects(openRedisBus({ url, prefix: newPrefix(), log, connectWithinMs: 300 }), (error: Error) => {
    assert.match(error.message, /REDIS_URL.*ECONNREFUSED/);
    return true;
  });
  assert.doesNotMatch(text(), /hunter2/);
});
