import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { AppError } from '#contract/errors.ts';
import type { WorkerRegistration } from '#contract/run.ts';
import type { RunQueue } from '#platform/queue/index.ts';
import { testLog } from '../../test/support/databases.ts';
import { startTestApi } from '../../test/support/api.ts';
import { queueEngines } from '../../test/support/runs.ts';
import { openLanguages } from './languages.ts';

const second = 1_000;

for (const engine of queueEngines) {
  const on = { skip: engine.skip };
  let queue: RunQueue;
  if (engine.skip === false) {
    before(async () => {
      queue = await engine.open();
    });
    after(() => queue.close());
  }
  const register = (workerId: string, languages: string[], more: Partial<WorkerRegistration> = {}) =>
    queue.register(workerId, {
      v: 1,
      languages: languages.map((id) => ({ id, version: `${id} 1.0` })),
      isolation: 'wasm',
      slots: 1,
      heartbeatAt: Date.now(),
      ...more,
    });

  function open() {
    let now = 1_000_000;
    const languages = openLanguages({ queue, clock: { now: () => now }, log: testLog });
    const judge = (language: string) =>
      languages.require(language).then(
        () => 'accepted',
        (error: unknown) => (error instanceof AppError ? error.code : String(error)),
      );
    return { languages, judge, advance: (ms: number) => (now += ms) };
  }

  test(`[RUN24] which languages are accepted on the ${engine.name} queue`, on, async () => {
    const { languages, judge, advance } = open();
    try {
      assert.equal(await judge('python'), 'accepted', 'the first registration may be moments away');
      assert.equal(await judge('kotlin'), 'unsupported-language');
      advance(10 * second);
      assert.equal(await judge('python'), 'no-worker');
      assert.equal(await judge('kotlin'), 'unsupported-language');

      await register('w1', ['python', 'kotlin']);
      assert.equal(await judge('kotlin'), 'unsupported-language', 'asked at most once a second');
      advance(second);
      assert.equal(await judge('kotlin'), 'accepted');
      await queue.unregister('w1');
      advance(59 * second);
      assert.equal(await judge('kotlin'), 'accepted', 'its worker may be restarting');
      advance(second);
      assert.equal(await judge('kotlin'), 'no-worker', 'known from now on');
      assert.equal(await judge('python'), 'no-worker');
    } finally {
      await languages.close();
    }
  });

  test(`[RUN34] what live workers offer on the ${engine.name} queue`, on, async () => {
    const { languages, advance } = open();
    try {
      assert.deepEqual(await languages.list(), { items: [] });
      await register('w1', ['python', 'c']);
      await register('w2', ['python'], { limits: { wallMs: 5_000 } });
      await register('w3', ['python'], { isolation: 'full', limits: { wallMs: 9_000 } });
      advance(second);
      const { items } = await languages.list();
      assert.deepEqual(
        items.map(({ id, version, isolation }) => [id, version, isolation]),
        [
          ['c', 'c 1.0', 'wasm'],
          ['python', 'python 1.0', 'full'],
          ['python', 'python 1.0', 'wasm'],
        ],
      );
      assert.deepEqual(items[1]!.limits, { wallMs: 9_000 });
    } finally {
      for (const worker of ['w1', 'w2', 'w3']) await queue.unregister(worker);
      await languages.close();
    }
  });

  test(`[RUN34] the list is public on the ${engine.name} queue`, on, async () => {
    await register('w1', ['python']);
    const api = await startTestApi({ queue });
    try {
      const { status, body } = await api.as()('GET', '/api/compile/languages');
      const python = { id: 'python', version: 'python 1.0', isolation: 'wasm', limits: {} };
      assert.deepEqual([status, body], [200, { items: [python] }]);
    } finally {
      await api.close();
      await queue.unregister('w1');
    }
  });
}

test('[RUN24] while the queue is away', async () => {
  // The API of a test without a queue: whatever is asked of it throws.
  const api = await startTestApi();
  let now = 0;
  const languages = openLanguages({ queue: api.deps.queue, clock: { now: () => now }, log: testLog });
  try {
    now += 60_000;
    await languages.require('python');
    await assert.rejects(languages.require('cobol'), { code: 'unsupported-language' });
    assert.deepEqual(await languages.list(), { items: [] });
  } finally {
    await languages.close();
    await api.close();
  }
});
