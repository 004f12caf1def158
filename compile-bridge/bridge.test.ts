import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runJobSchema } from '#contract/run.ts';
import { bridgeStores, heldWorker, okay, onMessages, quick } from '../test/support/bridge.ts';
import { runPlaces } from '../test/support/runs.ts';
import { waitFor } from '../test/support/wait-for.ts';

for (const place of runPlaces) {
  const on = { skip: place.skip };
  const { stores, start, request } = bridgeStores(place);

  test(`[RUN1, RUN2] a run goes to a worker and its result into the row on ${place.name}`, on, async () => {
    const { bench, queue } = stores;
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
    const { bench, queue } = stores;
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
      const { bench, queue } = stores;
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
    const { bench, queue } = stores;
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
    const { bench, queue } = stores;
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

  test(`[RUN13] a run that does not fit the queue contract on ${place.name}`, on, async () => {
    const { bench } = stores;
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
