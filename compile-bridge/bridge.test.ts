import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { systemClock } from '#platform/clock.ts';
import { runJobSchema } from '#contract/run.ts';
import type { JobContext, RunQueue } from '#platform/queue/index.ts';
import { testLog } from '../test/support/databases.ts';
import { openRunBench, runPlaces, type RunBench } from '../test/support/runs.ts';
import { waitFor } from '../test/support/wait-for.ts';
import type { BridgeConfig } from './bridge.ts';
import { startCompileBridge } from './index.ts';

/** A sweep that comes too seldom to help: whatever happens within a test was brought by messages. */
const onMessages = { sweepMs: 600_000 };
const quick = { sweepMs: 20, recheckMs: 100, cancelGraceMs: 300 };

const okay = (runId: string, more: object = {}) => ({
  v: 1,
  runId,
  status: 'ok',
  exitCode: 0,
  stdout: '42\n',
  stderr: '',
  ...more,
});

/** A handler whose runs end when the test says so, or when they are cancelled. */
function heldWorker() {
  const begun: string[] = [];
  const releases = new Map<string, () => void>();
  const handler = async (data: unknown, { signal }: JobContext) => {
    const { runId } = runJobSchema.parse(data);
    begun.push(runId);
    await new Promise<void>((resolve) => {
      releases.set(runId, resolve);
      signal.addEventListener('abort', () => resolve());
    });
    return okay(runId, signal.aborted ? { status: 'cancelled', exitCode: null } : {});
  };
  return { begun, handler, release: (runId: string) => releases.get(runId)!() };
}

for (const place of runPlaces) {
  const on = { skip: place.skip };
  let bench: RunBench;
  let queue: RunQueue;
  if (place.skip === false) {
    before(async () => {
      [bench, queue] = await Promise.all([place.database.open().then(openRunBench), place.queue.open()]);
    });
    after(async () => {
      await queue.close();
      await bench.close();
    });
  }
  const start = (config: Partial<BridgeConfig>) =>
    startCompileBridge({ db: bench.db, bus: bench.bus, queue, log: testLog, clock: systemClock, config });
  const request = (runId: string) => bench.bus.publish('run.requested', { runId });
  const cancel = async (runId: string) => {
    await bench.db.updateTable('runs').set({ cancel_requested_at: Date.now() }).where('id', '=', runId).execute();
    await bench.bus.publish('run.cancel-requested', { runId });
  };

  test(`[RUN1, RUN2] a run goes to a worker and its result into the row on ${place.name}`, on, async () => {
    const bridge = await start(onMessages);
    const language = bench.newLanguage();
    const person = await bench.newPerson();
    const jobs: unknown[] = [];
    const consumer = await queue.consume(language, { concurrency: 1 }, async (data, { progress }) => {
      jobs.push(data);
      await progress({ status: 'compiling' });
      await progress({ status: 'running' });
      const compile = { exitCode: 0, output: 'a warning', diagnostics: [] };
      const { runId } = runJobSchema.parse(data);
      return okay(runId, { wallMs: 12.5, cpuMs: 3, memoryBytes: 1e6, isolation: 'wasm', compile });
    });
    try {
      const files = JSON.stringify([{ path: 'a/한글.py', content: 'print("🙂")' }]);
      const columns = { files, entry: 'a/한글.py', args: '["-v"]', stdin_text: '20 22', document: 'c:x:main' };
      const id = await bench.store(person, language, columns);
      await request(id);
      const row = await bench.until(id, 'ok');
      const { seq, deadline, created_at } = row;
      assert.partialDeepStrictEqual(jobs, [
        {
          v: 1,
          runId: id,
          classroomId: person.classroomId,
          by: person.userId,
          language,
          document: 'c:x:main',
          files: [{ path: 'a/한글.py', content: 'print("🙂")' }],
          entry: 'a/한글.py',
          args: ['-v'],
          stdin: { mode: 'text', text: '20 22' },
          deadline,
          createdAt: created_at,
        },
      ]);
      assert.partialDeepStrictEqual(row, {
        stage: 'run',
        exit_code: 0,
        signal: null,
        stdout: '42\n',
        stderr: '',
        wall_ms: 12.5,
        cpu_ms: 3,
        memory_bytes: 1e6,
        truncated: 0,
        isolation: 'wasm',
        compile: '{"exitCode":0,"output":"a warning","diagnostics":[]}',
      });
      assert.ok(created_at <= row.started_at! && row.started_at! <= row.finished_at!);

      await waitFor(() => bench.told(id).at(-1)?.status === 'ok');
      const told = bench.told(id);
      // The stages in their order; a quick one may be over before it can be stored.
      const order = ['compiling', 'running', 'ok'];
      const statuses = told.map(({ status }) => status as string);
      assert.deepEqual(
        statuses,
        order.filter((status) => statuses.includes(status)),
      );
      assert.deepEqual(told.at(-1), {
        seq,
        runId: id,
        status: 'ok',
        language,
        by: { id: person.userId, name: 'Ada' },
        exitCode: 0,
        tail: '42\n',
        startedAt: row.started_at,
        finishedAt: row.finished_at,
      });
    } finally {
      await bridge.close();
      await consumer.close();
    }
  });

  test(`[RUN3] a run whose message was lost is found all the same on ${place.name}`, on, async () => {
    const language = bench.newLanguage();
    const person = await bench.newPerson();
    const consumer = await queue.consume(language, { concurrency: 1 }, async (data) =>
      okay(runJobSchema.parse(data).runId),
    );
    const early = await bench.store(person, language);
    const bridge = await start(onMessages);
    try {
      await bench.until(early, 'ok');
    } finally {
      await bridge.close();
    }
    const sweeping = await start(quick);
    try {
      await bench.until(await bench.store(person, language), 'ok');
    } finally {
      await sweeping.close();
      await consumer.close();
    }
  });

  test(
    `[RUN4, RUN5] each person's runs come one after the other, and people in turn on ${place.name}`,
    on,
    async () => {
      const bridge = await start(onMessages);
      const language = bench.newLanguage();
      const ada = await bench.newPerson();
      const bob = await bench.newPerson(ada.classroomId);
      const adaElsewhere = { ...ada, classroomId: (await bench.newPerson()).classroomId };
      const { begun, handler, release } = heldWorker();
      // Room for everybody at once, so that only the bridge can hold anything back.
      const consumer = await queue.consume(language, { concurrency: 8 }, handler);
      try {
        const [a1, a2, a3] = [
          await bench.store(ada, language),
          await bench.store(ada, language),
          await bench.store(ada, language),
        ];
        const b1 = await bench.store(bob, language);
        const e1 = await bench.store(adaElsewhere, language);
        for (const id of [a3, a2, a1, b1, e1]) await request(id);
        await waitFor(() => begun.length === 3);
        assert.deepEqual(new Set(begun), new Set([a1, b1, e1]));
        assert.deepEqual([(await bench.read(a2)).status, (await bench.read(a3)).status], ['queued', 'queued']);
        assert.equal((await queue.state(language, a2)).state, 'absent', 'the second is not in the queue');
        release(a1);
        await waitFor(() => begun.at(-1) === a2);
        release(a2);
        await waitFor(() => begun.at(-1) === a3);
        for (const id of [a3, b1, e1]) release(id);
        for (const id of [a1, a2, a3, b1, e1]) await bench.until(id, 'ok');
      } finally {
        await bridge.close();
        await consumer.close();
      }
    },
  );

  test(`[RUN5] one worker takes people in turn, the oldest first on ${place.name}`, on, async () => {
    const language = bench.newLanguage();
    const ada = await bench.newPerson();
    const bob = await bench.newPerson(ada.classroomId);
    const stored = [];
    for (const person of [ada, ada, ada, bob, bob]) stored.push(await bench.store(person, language));
    const [a1, a2, a3, b1, b2] = stored;
    const bridge = await start(onMessages);
    const order: string[] = [];
    const consumer = await queue.consume(language, { concurrency: 1 }, async (data) => {
      const { runId } = runJobSchema.parse(data);
      order.push(runId);
      return okay(runId);
    });
    try {
      for (const id of stored) await bench.until(id, 'ok');
      const firsts = order.slice(0, 2);
      assert.deepEqual(firsts, [a1, b1]);
      assert.deepEqual(
        order.filter((id) => id === a2 || id === a3),
        [a2, a3],
      );
      assert.ok(order.indexOf(b2!) > order.indexOf(b1!));
    } finally {
      await bridge.close();
      await consumer.close();
    }
  });

  test(`[RUN6] a worker that fails or answers nonsense on ${place.name}`, on, async () => {
    const bridge = await start(onMessages);
    const language = bench.newLanguage();
    const person = await bench.newPerson();
    const answers: unknown[] = [
      { v: 1, runId: 'another', status: 'ok' },
      { v: 1, status: 'ok' },
      { v: 2, runId: 'x', status: 'splendid' },
      'done',
      undefined,
    ];
    const consumer = await queue.consume(language, { concurrency: 1 }, async () => {
      if (answers.length === 0) throw new Error('the disk of the worker is full');
      return answers.shift();
    });
    try {
      for (let count = 0; count < 6; count += 1) {
        const id = await bench.store(person, language);
        await request(id);
        const row = await bench.until(id, 'internal-error');
        assert.deepEqual([row.stdout, row.stderr, row.exit_code], ['', '', null]);
        assert.ok(row.finished_at !== null);
      }
    } finally {
      await bridge.close();
      await consumer.close();
    }
  });

  test(`[RUN8] a run that nobody takes in time on ${place.name}`, on, async () => {
    const bridge = await start(quick);
    const language = bench.newLanguage();
    const person = await bench.newPerson();
    try {
      const late = await bench.store(person, language, { deadline: Date.now() + 300 });
      await request(late);
      await waitFor(async () => (await queue.state(language, late)).state === 'waiting');
      const next = await bench.store(person, language);
      await bench.until(late, 'expired');
      assert.equal((await queue.state(language, late)).state, 'absent');
      await waitFor(() => bench.told(late).at(-1)?.status === 'expired');

      const { begun, handler, release } = heldWorker();
      const consumer = await queue.consume(language, { concurrency: 2 }, handler);
      await waitFor(() => begun.length === 1);
      release(next);
      await bench.until(next, 'ok');
      assert.deepEqual(begun, [next], 'the expired run was never begun');
      assert.equal((await bench.read(late)).started_at, null);
      await consumer.close();
    } finally {
      await bridge.close();
    }
  });

  test(`[RUN9] cancelling a run that waits on ${place.name}`, on, async () => {
    const bridge = await start(onMessages);
    const language = bench.newLanguage();
    const person = await bench.newPerson();
    try {
      const [first, second, third] = [
        await bench.store(person, language),
        await bench.store(person, language),
        await bench.store(person, language),
      ];
      await request(first);
      await waitFor(async () => (await queue.state(language, first)).state === 'waiting');
      // One that is in the queue, and one that has not come into it yet.
      await cancel(second);
      await cancel(first);
      await bench.until(first, 'cancelled');
      await bench.until(second, 'cancelled');
      const { begun, handler, release } = heldWorker();
      const consumer = await queue.consume(language, { concurrency: 3 }, handler);
      await waitFor(() => begun.length === 1);
      release(third);
      await bench.until(third, 'ok');
      assert.deepEqual(begun, [third]);
      await consumer.close();
    } finally {
      await bridge.close();
    }
  });

  test(`[RUN9] cancelling a run that is being executed on ${place.name}`, on, async () => {
    const bridge = await start(onMessages);
    const language = bench.newLanguage();
    const person = await bench.newPerson();
    const { begun, handler } = heldWorker();
    const consumer = await queue.consume(language, { concurrency: 1 }, handler);
    try {
      const id = await bench.store(person, language);
      await request(id);
      await waitFor(() => begun.includes(id));
      await bench.until(id, 'running');
      await cancel(id);
      const row = await bench.until(id, 'cancelled');
      assert.equal(row.stdout, '42\n', 'what the worker had to say is kept');
    } finally {
      await bridge.close();
      await consumer.close();
    }
  });

  test(`[RUN9, RUN7] a worker that does not obey a cancellation on ${place.name}`, on, async () => {
    const bridge = await start(quick);
    const language = bench.newLanguage();
    const person = await bench.newPerson();
    const stubborn = Promise.withResolvers<void>();
    let cancelled = 0;
    const consumer = await queue.consume(language, { concurrency: 2 }, async (data, { onControl }) => {
      const { runId } = runJobSchema.parse(data);
      onControl(() => (cancelled += 1));
      await stubborn.promise;
      return okay(runId, { stdout: 'too late' });
    });
    try {
      const id = await bench.store(person, language);
      await bench.until(id, 'running');
      await cancel(id);
      const row = await bench.until(id, 'cancelled');
      assert.ok(cancelled > 0);
      assert.ok(row.finished_at! >= row.cancel_requested_at! + quick.cancelGraceMs);

      stubborn.resolve();
      await waitFor(async () => (await queue.state(language, id)).state === 'completed');
      // The next run passes through the same hands, so that the late result has been looked at when it has ended.
      const next = await bench.store(person, language);
      await bench.until(next, 'ok');
      assert.deepEqual(await bench.read(id), row);
      assert.equal(bench.told(id).filter(({ finishedAt }) => finishedAt !== null).length, 1);
    } finally {
      await bridge.close();
      await consumer.close();
    }
  });

  test(`[RUN10] a worker that never answers on ${place.name}`, on, async () => {
    const bridge = await start({ ...quick, activeMs: 400 });
    const language = bench.newLanguage();
    const person = await bench.newPerson();
    const stopped = Promise.withResolvers<unknown>();
    const consumer = await queue.consume(language, { concurrency: 1 }, async (_, { signal }) => {
      signal.addEventListener('abort', () => stopped.resolve(signal.reason));
      await stopped.promise;
      throw new Error('stopped');
    });
    try {
      const id = await bench.store(person, language);
      const row = await bench.until(id, 'lost');
      assert.ok(row.finished_at! >= row.started_at! + 400);
      assert.equal(await stopped.promise, 'cancel');
    } finally {
      await bridge.close();
      await consumer.close();
    }
  });

  test(`[RUN11] what happened while no bridge was there on ${place.name}`, on, async () => {
    const language = bench.newLanguage();
    const { begun, handler, release } = heldWorker();
    const [ended, active, vanished, second] = await Promise.all([0, 0, 0, 0].map(() => bench.newPerson()));
    const first = await start(onMessages);
    const consumer = await queue.consume(language, { concurrency: 4 }, handler);
    const ids = [
      await bench.store(ended!, language),
      await bench.store(active!, language),
      await bench.store(second!, language),
    ];
    for (const id of ids) await request(id);
    for (const id of ids) await bench.until(id, 'running');
    await first.close();

    const [endedId, activeId, secondId] = ids as [string, string, string];
    release(endedId);
    await waitFor(async () => (await queue.state(language, endedId)).state === 'completed');
    const waiting = await bench.store(second!, language);
    const lost = await bench.store(vanished!, language, { status: 'running', started_at: Date.now() });
    const again = await start({ ...onMessages, recheckMs: 0 });
    try {
      assert.equal((await bench.read(endedId)).status, 'ok', 'its result was waiting');
      assert.equal((await bench.read(lost)).status, 'lost', 'the queue does not know it');
      assert.equal((await bench.read(activeId)).status, 'running');
      assert.equal((await bench.read(waiting)).status, 'queued');
      release(activeId);
      release(secondId);
      await bench.until(activeId, 'ok');
      await bench.until(secondId, 'ok');
      await waitFor(() => begun.includes(waiting));
      release(waiting);
      await bench.until(waiting, 'ok');
      assert.equal(new Set(begun).size, begun.length, 'nothing was begun twice');
    } finally {
      await again.close();
      await consumer.close();
    }
  });

  test(`[RUN7, RUN12] two bridges at once on ${place.name}`, on, async () => {
    const bridges = [await start(quick), await start(quick)];
    const language = bench.newLanguage();
    const people = await Promise.all(Array.from({ length: 5 }, () => bench.newPerson()));
    const begun: string[] = [];
    const consumer = await queue.consume(language, { concurrency: 3 }, async (data) => {
      const { runId } = runJobSchema.parse(data);
      begun.push(runId);
      return okay(runId);
    });
    try {
      const ids: string[] = [];
      for (const person of [...people, ...people, ...people, ...people]) {
        ids.push(await bench.store(person, language));
        await request(ids.at(-1)!);
      }
      for (const id of ids) await bench.until(id, 'ok');
      for (const bridge of bridges) await bridge.close();
      assert.deepEqual(begun.toSorted(), ids.toSorted());
      for (const id of ids) {
        const statuses = bench.told(id).map(({ status }) => status);
        assert.equal(new Set(statuses).size, statuses.length, `${id} was told of twice: ${statuses.join(', ')}`);
        assert.equal(statuses.at(-1), 'ok');
      }
    } finally {
      await Promise.all(bridges.map((bridge) => bridge.close()));
      await consumer.close();
    }
  });

  test(`[RUN13] a run that does not fit the queue contract on ${place.name}`, on, async () => {
    const bridge = await start(onMessages);
    const language = bench.newLanguage();
    const person = await bench.newPerson();
    try {
      const escapes = JSON.stringify([{ path: 'main.py', content: '\u0001'.repeat(200 * 1024) }]);
      for (const columns of [{ files: escapes }, { files: 'not JSON' }, { files: '[]' }]) {
        const id = await bench.store(person, language, columns);
        await request(id);
        await bench.until(id, 'rejected');
      }
    } finally {
      await bridge.close();
    }
  });
}
