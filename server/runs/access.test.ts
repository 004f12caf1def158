import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunsTable } from '#platform/db/schema.ts';
import { startTestApi, type TestApi } from '../../test/support/api.ts';
import { actors, asActor, joinClass, makeClass, type TestClass } from '../../test/support/class.ts';
import { databaseEngines } from '../../test/support/databases.ts';
import { answerDocuments } from '../../test/support/documents.ts';
import { runRow } from '../../test/support/runs.ts';

async function store(api: TestApi, people: TestClass, columns: Partial<RunsTable> = {}): Promise<string> {
  const row = runRow({ classroom_id: people.id, user_id: people.student.id, ...columns });
  await api.deps.db.insertInto('runs').values(row).execute();
  return row.id;
}

const main = (people: TestClass) => `c:${people.id}:main`;
const workspace = (people: TestClass, who: 'student' | 'owner') => `c:${people.id}:s:${people[who].id}`;

/** Statuses by actor, in their order: anonymous, stranger, student, observer, assistant, owner. */
test('[RUN35] asking for a run, for everybody', async () => {
  const api = await startTestApi();
  try {
    const people = await makeClass(api);
    await answerDocuments(api.deps.bus);
    const posted = { language: 'python', code: '1' };
    const table: [body: object, expected: number[]][] = [
      [posted, [401, 404, 202, 202, 202, 202]],
      [{ document: main(people) }, [401, 404, 202, 202, 202, 202]],
      [{ document: workspace(people, 'student') }, [401, 404, 202, 202, 202, 202]],
      [{ document: workspace(people, 'owner') }, [401, 404, 404, 202, 202, 202]],
      // Whoever may not know of the classroom learns nothing of what else is wrong.
      [{ language: 5, nonsense: true }, [401, 404, 400, 400, 400, 400]],
    ];
    for (const [body, expected] of table) {
      for (const [index, actor] of actors.entries()) {
        const request = { body: { classroomId: people.id, ...body } };
        const { status } = await asActor(api, people, actor)('POST', '/api/compile/run', request);
        assert.equal(status, expected[index], `${actor}: ${JSON.stringify(body)}`);
      }
    }
    for (const body of [{ classroomId: 'absent', ...posted }, { classroomId: 'absent' }]) {
      const { status } = await api.as(people.owner)('POST', '/api/compile/run', { body });
      assert.equal(status, 404);
    }
    for (const body of [posted, { ...posted, classroomId: 5 }, '{', undefined]) {
      const { status } = await api.as(people.stranger)('POST', '/api/compile/run', { body });
      assert.equal(status, 400, JSON.stringify(body));
      assert.equal((await api.as()('POST', '/api/compile/run', { body })).status, 401);
    }

    const startsAt = api.clock.now() + 3_600_000;
    await api.deps.db.updateTable('classrooms').set({ starts_at: startsAt }).where('id', '=', people.id).execute();
    const early = { body: { classroomId: people.id, document: main(people) } };
    assert.equal((await api.as(people.student)('POST', '/api/compile/run', early)).body.code, 'not-open-yet');
    assert.equal((await api.as(people.assistant)('POST', '/api/compile/run', early)).status, 202);
  } finally {
    await api.close();
  }
});

for (const engine of databaseEngines) {
  test(`[RUN30, RUN35] who sees which run on ${engine.name}`, { skip: engine.skip }, async () => {
    const api = await startTestApi({ engine });
    try {
      const people = await makeClass(api);
      const neighbour = await api.signUp('Neighbour');
      await joinClass(api, neighbour, people.code);
      const runs: [name: string, columns: Partial<RunsTable>, expected: number[], neighbour: number][] = [
        ['posted by the student', {}, [401, 404, 200, 404, 200, 200], 404],
        ['posted by the owner', { user_id: people.owner.id }, [401, 404, 404, 404, 200, 200], 404],
        ['of main', { document: main(people), user_id: people.owner.id }, [401, 404, 200, 200, 200, 200], 200],
        [
          'of the student’s workspace',
          { document: workspace(people, 'student'), user_id: people.assistant.id },
          [401, 404, 200, 200, 200, 200],
          404,
        ],
        [
          'of the owner’s workspace',
          { document: workspace(people, 'owner'), user_id: people.owner.id },
          [401, 404, 404, 200, 200, 200],
          404,
        ],
      ];
      const stored = await Promise.all(runs.map(([, columns]) => store(api, people, columns)));
      const sends = [...actors.map((actor) => asActor(api, people, actor)), api.as(neighbour)];
      for (const [who, send] of sends.entries()) {
        const visible: string[] = [];
        for (const [index, [name, , expected, ofNeighbour]] of runs.entries()) {
          const status = expected[who] ?? ofNeighbour;
          for (const rest of ['', '/output']) {
            const path = `/api/compile/runs/${stored[index]}${rest}`;
            assert.equal((await send('GET', path)).status, status, `${actors[who] ?? 'neighbour'}: ${name}${rest}`);
          }
          if (status === 200) visible.unshift(stored[index]!);
        }
        const list = await send('GET', `/api/classrooms/${people.id}/runs`);
        assert.equal(list.status, [401, 404][who] ?? 200);
        if (list.status !== 200) continue;
        const ids = list.body.items.map((item: { id: string }) => item.id);
        assert.deepEqual(ids.toSorted(), visible.toSorted(), actors[who] ?? 'neighbour');
      }
      assert.equal((await api.as(people.student)('POST', `/api/classrooms/${people.id}/leave`)).status, 204);
      assert.equal((await api.as(people.student)('GET', `/api/compile/runs/${stored[0]}`)).status, 404);
    } finally {
      await api.close();
    }
  });

  test(`[RUN31, RUN32] lists and texts on ${engine.name}`, { skip: engine.skip }, async () => {
    const api = await startTestApi({ engine });
    try {
      const people = await makeClass(api);
      const ids: string[] = [];
      for (let index = 0; index < 5; index += 1) ids.unshift(await store(api, people));
      const path = `/api/classrooms/${people.id}/runs`;
      const send = api.as(people.student);
      const first = (await send('GET', `${path}?limit=3`)).body;
      const rest = (await send('GET', `${path}?limit=3&cursor=${first.nextCursor}`)).body;
      const listed = [...first.items, ...rest.items].map((item: { id: string }) => item.id);
      assert.deepEqual([listed, rest.nextCursor], [ids, null]);

      const compile = { exitCode: 1, output: 'main.c:1: 오류\n', diagnostics: [] };
      const ended = await store(api, people, {
        status: 'runtime-error',
        stage: 'run',
        exit_code: 1,
        stdout: '🙂'.repeat(3_000),
        stderr: 'Traceback',
        compile: JSON.stringify(compile),
        truncated: 0,
        isolation: 'guarded',
        started_at: Date.now() + 5,
        finished_at: Date.now() + 10,
        wall_ms: 4.5,
        memory_bytes: 3e9,
      });
      const [entry] = (await send('GET', `${path}?limit=1`)).body.items;
      assert.deepEqual([entry.id, entry.stdout, entry.stderr], [ended, '🙂'.repeat(1_000), 'Traceback']);
      assert.equal(entry.truncated, true);
      const whole = (await send('GET', `/api/compile/runs/${ended}`)).body;
      assert.deepEqual({ ...whole, stdout: entry.stdout, truncated: true }, entry);
      assert.equal(whole.truncated, false);
      assert.partialDeepStrictEqual(whole, { compile, wallMs: 4.5, memoryBytes: 3e9, isolation: 'guarded' });

      const text = await send('GET', `/api/compile/runs/${ended}/output`);
      assert.equal(text.headers.get('content-type'), 'text/plain; charset=utf-8');
      assert.equal(text.headers.get('x-content-type-options'), 'nosniff');
      assert.equal(text.body, `${'🙂'.repeat(3_000)}Traceback`);
      const refused = await store(api, people, { status: 'compile-error', compile: JSON.stringify(compile) });
      assert.equal((await send('GET', `/api/compile/runs/${refused}/output`)).body, 'main.c:1: 오류\n');
    } finally {
      await api.close();
    }
  });
}

test('[RUN33, RUN35] cancelling a run, for everybody', async () => {
  const api = await startTestApi();
  try {
    const people = await makeClass(api);
    const table: [columns: Partial<RunsTable>, expected: number[]][] = [
      [{}, [401, 404, 202, 404, 202, 202]],
      [{ document: main(people), user_id: people.owner.id }, [401, 404, 403, 403, 202, 202]],
      [{ status: 'ok', document: main(people) }, [401, 404, 409, 403, 409, 409]],
    ];
    for (const [columns, expected] of table) {
      const id = await store(api, people, columns);
      for (const [index, actor] of actors.entries()) {
        const { status } = await asActor(api, people, actor)('DELETE', `/api/compile/runs/${id}`);
        assert.equal(status, expected[index], `${actor}: ${JSON.stringify(columns)}`);
      }
    }
  } finally {
    await api.close();
  }
});

const long = (length: number) => 'x'.repeat(length);
const file = { path: 'main.py', content: '' };
const wrong: readonly [string, unknown, number, string][] = [
  ['no program', {}, 400, 'validation-failed'],
  ['no language', { code: '1' }, 400, 'validation-failed'],
  ['two forms at once', { language: 'python', code: '1', document: 'c:x:main' }, 400, 'validation-failed'],
  ['code and files', { language: 'python', code: '1', files: [file] }, 400, 'validation-failed'],
  ['a language of the wrong shape', { language: 'Python 3', code: '1' }, 400, 'validation-failed'],
  ['a language nobody knows', { language: 'cobol', code: '1' }, 422, 'unsupported-language'],
  ['no files', { language: 'python', files: [] }, 400, 'validation-failed'],
  [
    'too many files',
    { language: 'python', files: Array.from({ length: 51 }, (_, index) => ({ ...file, path: `${index}` })) },
    400,
    'validation-failed',
  ],
  ['a path twice', { language: 'python', files: [file, file] }, 400, 'validation-failed'],
  ['a path that leaves', { language: 'python', files: [{ ...file, path: '../main.py' }] }, 400, 'validation-failed'],
  ['an absent entry', { language: 'python', files: [file], entry: 'a.py' }, 400, 'validation-failed'],
  ['content of the wrong type', { language: 'python', files: [{ ...file, content: 5 }] }, 400, 'validation-failed'],
  ['bad base64', { language: 'python', code: '???', encoding: 'base64' }, 400, 'validation-failed'],
  ['an unknown encoding', { language: 'python', code: '1', encoding: 'rot13' }, 400, 'validation-failed'],
  ['too much source', { language: 'python', code: long(256 * 1024 + 1) }, 422, 'source-too-large'],
  ['too large a body', { language: 'python', code: long(1024 * 1024) }, 413, 'payload-too-large'],
  ['too much input', { language: 'python', code: '1', stdin: long(64 * 1024 + 1) }, 400, 'validation-failed'],
  ['input of the wrong type', { language: 'python', code: '1', stdin: 42 }, 400, 'validation-failed'],
  ['too many arguments', { language: 'python', code: '1', args: Array(51).fill('') }, 400, 'validation-failed'],
  ['limits of one’s own', { language: 'python', code: '1', limits: { wallMs: 1e9 } }, 400, 'validation-failed'],
  ['a document name outside the grammar', { document: '../main' }, 404, 'not-found'],
  ['a document name that is too long', { document: long(161) }, 400, 'validation-failed'],
  ['a file id of the wrong shape', { document: 'c:x:main', file: 'a/b' }, 400, 'validation-failed'],
];

test('[RUN24, RUN36] wrong input', async () => {
  const api = await startTestApi();
  try {
    const people = await makeClass(api);
    for (const [what, body, status, code] of wrong) {
      const request = { body: { classroomId: people.id, ...(body as object) } };
      const answer = await api.as(people.owner)('POST', '/api/compile/run', request);
      assert.deepEqual([answer.status, answer.body.code], [status, code], `${what}: ${JSON.stringify(answer.body)}`);
      assert.match(answer.headers.get('content-type')!, /^application\/problem\+json/);
    }
    assert.deepEqual(await api.deps.db.selectFrom('runs').selectAll().execute(), []);
    const { run_seq } = await api.deps.db.selectFrom('classrooms').select('run_seq').executeTakeFirstOrThrow();
    assert.equal(run_seq, 0);

    const others: [string, string, number][] = [
      ['GET', '/api/compile/runs/absent', 404],
      ['GET', `/api/compile/runs/${long(65)}`, 404],
      ['GET', '/api/compile/runs/absent/output', 404],
      ['DELETE', '/api/compile/runs/absent', 404],
      ['POST', '/api/compile/runs/absent', 405],
      ['GET', '/api/compile/run', 405],
      ['GET', `/api/classrooms/${people.id}/runs?limit=1000`, 400],
      ['GET', `/api/classrooms/${people.id}/runs?cursor=..`, 400],
    ];
    for (const [method, path, status] of others) {
      const answer = await api.as(people.owner)(method, path);
      assert.equal(answer.status, status, `${method} ${path}`);
      assert.match(answer.headers.get('content-type')!, /^application\/problem\+json/, path);
    }
  } finally {
    await api.close();
  }
});
