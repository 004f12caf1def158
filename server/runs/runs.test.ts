import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { RunQueue } from '#platform/queue/index.ts';
import { type Answer, startTestApi, type TestApi, type TestUser } from '../../test/support/api.ts';
import { makeClass, type TestClass } from '../../test/support/class.ts';
import { answerDocuments } from '../../test/support/documents.ts';
import { hear } from '../../test/support/hear.ts';
import { runPlaces } from '../../test/support/runs.ts';
import { waitFor } from '../../test/support/wait-for.ts';

type SendRun = (user: TestUser, body?: object, headers?: Record<string, string>) => Promise<Answer>;

for (const place of runPlaces) {
  const on = { skip: place.skip };
  let queue: RunQueue;
  if (place.skip === false) {
    before(async () => {
      queue = await place.queue.open();
    });
    after(() => queue.close());
  }

  /** An API with a class, and workers that say they run Python and JavaScript but take nothing. */
  async function start(): Promise<{ api: TestApi; people: TestClass; run: SendRun }> {
    const offered = ['python', 'javascript'].map((id) => ({ id, version: '1' }));
    await queue.register('tester', { v: 1, languages: offered, isolation: 'wasm', slots: 1, heartbeatAt: Date.now() });
    const api = await startTestApi({ engine: place.database, queue });
    const people = await makeClass(api);
    const run: SendRun = (user, body = {}, headers = {}) => {
      const program = { classroomId: people.id, language: 'python', code: 'print(1)' };
      return api.as(user)('POST', '/api/compile/run', { body: { ...program, ...body }, headers });
    };
    return { api, people, run };
  }
  const stored = (api: TestApi, id: string) =>
    api.deps.db.selectFrom('runs').selectAll().where('id', '=', id).executeTakeFirstOrThrow();

  test(`[RUN21, RUN25] storing a run of posted files on ${place.name}`, on, async () => {
    const { api, people, run } = await start();
    try {
      const { bus } = api.deps;
      const told: unknown[] = [];
      await bus.subscribe('run.updated', (message) => void told.push(message));
      await bus.subscribe(
        'run.requested',
        async ({ runId }) => void told.push([runId, (await stored(api, runId)).status]),
      );
      const files = [
        { path: 'lib/도움.py', content: 'x = "🙂"' },
        { path: 'app.py', content: 'import lib' },
      ];
      const body = { code: undefined, files, entry: 'app.py', args: ['-v', ''], stdin: '20 22\n' };
      const accepted = await run(people.student, body);
      const { runId } = accepted.body;
      assert.equal(accepted.status, 202, JSON.stringify(accepted.body));
      assert.equal(accepted.headers.get('location'), `/api/compile/runs/${runId}`);
      assert.deepEqual(accepted.body, { runId, status: 'queued', position: 1 });

      const row = await stored(api, runId);
      assert.partialDeepStrictEqual(row, {
        seq: 1,
        classroom_id: people.id,
        document: null,
        user_id: people.student.id,
        language: 'python',
        files: JSON.stringify(files),
        entry: 'app.py',
        args: '["-v",""]',
        stdin_mode: 'text',
        stdin_text: '20 22\n',
        status: 'queued',
        deadline: api.clock.now() + 600_000,
      });
      await waitFor(() => told.length === 2);
      const by = { id: people.student.id, name: 'Student' };
      const news = { seq: 1, runId, status: 'queued', language: 'python', by, exitCode: null, tail: '' };
      assert.deepEqual(told, [
        { classroomId: people.id, document: null, run: { ...news, startedAt: null, finishedAt: null } },
        [runId, 'queued'],
      ]);

      const read = await api.as(people.student)('GET', `/api/compile/runs/${runId}`);
      assert.deepEqual(read.body, {
        id: runId,
        classroomId: people.id,
        document: null,
        language: 'python',
        by,
        status: 'queued',
        stage: null,
        exitCode: null,
        signal: null,
        stdout: '',
        stderr: '',
        compile: null,
        wallMs: null,
        cpuMs: null,
        memoryBytes: null,
        queueMs: null,
        truncated: false,
        isolation: null,
        codeHash: row.code_hash,
        createdAt: new Date(api.clock.now()).toISOString(),
        startedAt: null,
        finishedAt: null,
      });

      const encoded = Buffer.from('print("한글")').toString('base64');
      const second = await run(people.owner, { code: encoded, encoding: 'base64' });
      assert.equal(second.body.position, 2);
      const { seq, files: one, stdin_text } = await stored(api, second.body.runId);
      assert.deepEqual([seq, JSON.parse(one), stdin_text], [2, [{ path: 'main.py', content: 'print("한글")' }], '']);
    } finally {
      await api.close();
    }
  });

  test(`[RUN22] storing a run of a document on ${place.name}`, on, async () => {
    const { api, people } = await start();
    try {
      const name = `c:${people.id}:main`;
      await answerDocuments(api.deps.bus, {
        [name]: [
          { id: 'main', path: 'main.py', language: 'python', text: 'import help' },
          { id: 'f2', path: 'test.js', language: 'javascript', text: 'test()' },
        ],
      });
      const run = (user: TestUser, body: object) =>
        api.as(user)('POST', '/api/compile/run', { body: { classroomId: people.id, document: name, ...body } });
      // A student only reads this document, and may run it.
      const main = await stored(api, (await run(people.student, {})).body.runId);
      assert.deepEqual([main.document, main.language, main.entry], [name, 'python', 'main.py']);
      const files = [
        { path: 'main.py', content: 'import help' },
        { path: 'test.js', content: 'test()' },
      ];
      assert.deepEqual(JSON.parse(main.files), files);
      const other = await stored(api, (await run(people.observer, { file: 'f2', stdin: 'x' })).body.runId);
      assert.deepEqual([other.language, other.entry, other.stdin_text], ['javascript', 'test.js', 'x']);

      const refused = async (user: TestUser, body: object) => {
        const answer = await run(user, body);
        return [answer.status, answer.body.code];
      };
      assert.deepEqual(await refused(people.student, { file: 'nothing' }), [400, 'validation-failed']);
      for (const document of [`c:${people.id}:s:${people.owner.id}`, `c:${people.id}:wall`, 'c:other:main', 'main', ''])
        assert.deepEqual(await refused(people.student, { document }), [404, 'not-found'], document);
    } finally {
      await api.close();
    }
  });

  test(`[RUN27, RUN28] too many runs of one person on ${place.name}`, on, async () => {
    const { api, people, run } = await start();
    try {
      const answers = await Promise.all(Array.from({ length: 15 }, () => run(people.student)));
      const refused = answers.filter(({ status }) => status === 429);
      assert.equal(answers.filter(({ status }) => status === 202).length, 11);
      assert.equal(refused.length, 4);
      assert.ok(refused.every(({ body }) => body.code === 'too-many-runs'));
      const rows = await api.deps.db.selectFrom('runs').select('seq').orderBy('seq').execute();
      assert.deepEqual(
        rows.map(({ seq }) => seq),
        Array.from({ length: 11 }, (_, index) => index + 1),
      );

      const other = await run(people.owner);
      assert.deepEqual([other.status, other.body.position], [202, 2], 'before the second of the student');
      const elsewhere = await makeClass(api);
      await api.as(people.student)('POST', '/api/classrooms/join', { body: { code: elsewhere.code } });
      assert.equal((await run(people.student, { classroomId: elsewhere.id })).status, 202);

      const ended = { status: 'ok', finished_at: 1 };
      await api.deps.db
        .updateTable('runs')
        .set(ended)
        .where('seq', '=', 1)
        .where('classroom_id', '=', people.id)
        .execute();
      assert.equal((await run(people.student)).status, 202);
      assert.equal((await run(people.student)).status, 429);
    } finally {
      await api.close();
    }
  });

  test(`[RUN33] cancelling over HTTP on ${place.name}`, on, async () => {
    const { api, people, run } = await start();
    try {
      const wishes = await hear(api.deps.bus, 'run.cancel-requested', { runId: 'mark' });
      const { runId } = (await run(people.student)).body;
      const path = `/api/compile/runs/${runId}`;
      const cancelled = await api.as(people.student)('DELETE', path);
      assert.deepEqual([cancelled.status, cancelled.body], [202, { runId, status: 'queued', position: 1 }]);
      const askedAt = api.clock.now();
      assert.equal((await stored(api, runId)).cancel_requested_at, askedAt);
      api.clock.advance(1_000);
      assert.equal((await api.as(people.assistant)('DELETE', path)).status, 202);
      assert.equal((await stored(api, runId)).cancel_requested_at, askedAt);
      assert.deepEqual(await wishes(), [{ runId }, { runId }]);

      await api.deps.db.updateTable('runs').set({ status: 'ok' }).where('id', '=', runId).execute();
      const late = await api.as(people.student)('DELETE', path);
      assert.deepEqual([late.status, late.body.code], [409, 'run-finished']);
      assert.deepEqual(await wishes(), []);
    } finally {
      await api.close();
    }
  });
}
