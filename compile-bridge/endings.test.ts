import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runJobSchema } from '#contract/run.ts';
import { bridgeStores, heldWorker, okay, onMessages, quick } from '../test/support/bridge.ts';
import { runPlaces } from '../test/support/runs.ts';
import { waitFor } from '../test/support/wait-for.ts';

for (const place of runPlaces) {
  const on = { skip: place.skip };
  const { stores, start, request, cancel } = bridgeStores(place);

  test(`[RUN8] a run that nobody takes in time on ${place.name}`, on, async () => {
    const { bench, queue } = stores;
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
    const { bench, queue } = stores;
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
    const { bench, queue } = stores;
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
    const { bench, queue } = stores;
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
    const { bench, queue } = stores;
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
    const { bench, queue } = stores;
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
    const { bench, queue } = stores;
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
}
