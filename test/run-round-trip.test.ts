import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runJobSchema } from '#contract/run.ts';
import { startCompileBridge } from '../compile-bridge/index.ts';
import { startTestApi } from './support/api.ts';
import { makeClass } from './support/class.ts';
import { testLog } from './support/databases.ts';
import { answerDocuments } from './support/documents.ts';
import { runPlaces } from './support/runs.ts';
import { waitFor } from './support/wait-for.ts';

for (const place of runPlaces) {
  test(`[RUN1, RUN26] from the request to the result and back on ${place.name}`, { skip: place.skip }, async () => {
    const queue = await place.queue.open();
    const languages = [{ id: 'python', version: '1' }];
    await queue.register('tester', { v: 1, languages, isolation: 'wasm', slots: 1, heartbeatAt: Date.now() });
    const held = Promise.withResolvers<void>();
    const consumer = await queue.consume('python', { concurrency: 4 }, async (data) => {
      const { runId, files, stdin } = runJobSchema.parse(data);
      if (stdin.text === 'hold') await held.promise;
      return { v: 1, runId, status: 'ok', exitCode: 0, stdout: files[0]!.content, stderr: '', wallMs: 3 };
    });
    const api = await startTestApi({ engine: place.database, queue });
    const { db, bus, clock } = api.deps;
    const bridge = await startCompileBridge({ db, bus, queue, log: testLog, clock });
    try {
      const people = await makeClass(api);
      const document = `c:${people.id}:main`;
      await answerDocuments(bus, { [document]: [{ id: 'main', path: 'a.py', language: 'python', text: 'print(42)' }] });
      const send = api.as(people.student);
      const run = (body: object, headers: Record<string, string> = {}) =>
        send('POST', '/api/compile/run', { body: { classroomId: people.id, document, ...body }, headers });

      const quick = await run({}, { prefer: 'wait=10' });
      assert.equal(quick.status, 200, JSON.stringify(quick.body));
      assert.partialDeepStrictEqual(quick.body, { document, status: 'ok', stdout: 'print(42)', wallMs: 3, queueMs: 0 });
      assert.equal(quick.headers.get('preference-applied'), 'wait=10');
      assert.equal(quick.headers.get('location'), `/api/compile/runs/${quick.body.id}`);
      assert.deepEqual((await send('GET', `/api/compile/runs/${quick.body.id}`)).body, quick.body);
      assert.equal((await send('GET', `/api/compile/runs/${quick.body.id}/output`)).body, 'print(42)');

      const slow = await run({ stdin: 'hold' }, { prefer: 'wait=1' });
      assert.deepEqual([slow.status, slow.body.status], [202, 'queued']);
      assert.equal(slow.headers.get('preference-applied'), 'wait=1');
      const without = await run({});
      assert.deepEqual([without.status, without.headers.get('preference-applied')], [202, null]);

      const unwanted = await run({});
      assert.equal((await send('DELETE', unwanted.headers.get('location')!)).status, 202);
      const statusOf = async (answer: typeof without) =>
        (await send('GET', answer.headers.get('location')!)).body.status;
      await waitFor(async () => (await statusOf(unwanted)) === 'cancelled');
      held.resolve();
      await waitFor(async () => (await statusOf(without)) === 'ok');
    } finally {
      held.resolve();
      await consumer.close();
      await bridge.close();
      await api.close();
      await queue.close();
    }
  });
}
