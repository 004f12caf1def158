import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startTestApi, type TestApi } from '../../test/support/api.ts';
import { type Actor, actors, asActor, makeClass, type TestClass } from '../../test/support/class.ts';
import { databaseEngines } from '../../test/support/databases.ts';
import { answerDocuments } from '../../test/support/documents.ts';

const main = (people: TestClass) => `c:${people.id}:main`;
const workspace = (people: TestClass, who: 'student' | 'observer' | 'owner') => `c:${people.id}:s:${people[who].id}`;
const pathOf = (people: TestClass, name: string, rest = '') =>
  `/api/classrooms/${people.id}/documents/${encodeURIComponent(name)}${rest}`;

for (const engine of databaseEngines) {
  test(`[DAPI1, DAPI2, DAPI3, DAPI4] reading and editing files on ${engine.name}`, { skip: engine.skip }, async () => {
    const api = await startTestApi({ engine });
    try {
      const people = await makeClass(api, { mode: 'practice' });
      const name = workspace(people, 'student');
      const { edits } = await answerDocuments(api.deps.bus);
      const send = api.as(people.student);
      const first = { id: 'main', path: 'main.py', language: 'python', text: '' };

      const read = await send('GET', pathOf(people, name));
      assert.deepEqual([read.status, read.body], [200, { epoch: 3, files: [first] }]);

      const body = { path: 'src/help.py', language: 'python', text: 'def 도움(): 🙂' };
      const created = await send('POST', pathOf(people, name, '/files'), { body });
      assert.equal(created.status, 201);
      const { id, ...same } = created.body;
      assert.deepEqual(same, body);
      const empty = await send('POST', pathOf(people, name, '/files'), { body: { path: 'a.txt', language: 'text' } });
      assert.equal(empty.body.text, '');

      const renamed = await send('PATCH', pathOf(people, name, `/files/${id}`), { body: { path: 'lib.py' } });
      assert.deepEqual([renamed.status, renamed.body], [200, { ...body, id, path: 'lib.py' }]);
      const taken = await send('PATCH', pathOf(people, name, `/files/${id}`), { body: { path: 'main.py' } });
      assert.deepEqual([taken.status, taken.body.code], [409, 'path-taken']);
      const absent = await send('DELETE', pathOf(people, name, '/files/nothing'));
      assert.deepEqual([absent.status, absent.body.code], [404, 'not-found']);

      assert.equal((await send('DELETE', pathOf(people, name, `/files/${empty.body.id}`))).status, 204);
      const kept = await send('DELETE', pathOf(people, name, '/files/main'));
      assert.deepEqual([kept.status, kept.body.code], [409, 'file-required']);
      const { files } = (await send('GET', pathOf(people, name))).body;
      assert.deepEqual(files, [first, { ...body, id, path: 'lib.py' }]);
      assert.ok(edits.every((edit) => edit.userId === people.student.id && edit.name === name));
    } finally {
      await api.close();
    }
  });
}

/** Statuses by actor, in their order, for reading and for adding a file. */
type Row = [name: (people: TestClass) => string, read: readonly number[], add: readonly number[]];

const nobody = [401, 404, 404, 404, 404, 404];
const lecture: readonly Row[] = [
  [main, [401, 404, 200, 200, 200, 200], [401, 404, 403, 403, 201, 201]],
  [(people) => workspace(people, 'student'), [401, 404, 200, 200, 200, 200], [401, 404, 201, 403, 201, 201]],
  [(people) => workspace(people, 'owner'), [401, 404, 404, 200, 200, 200], [401, 404, 404, 403, 201, 201]],
  [(people) => `c:${people.id}:wall`, nobody, nobody],
  [(people) => `c:${people.id}:s:${people.stranger.id}`, nobody, nobody],
  [() => `c:${'x'.repeat(26)}:main`, nobody, nobody],
  [() => 'main', nobody, nobody],
  [() => '__proto__', nobody, nobody],
  [(people) => `c:${people.id}:main\0`, nobody, nobody],
  [(people) => `c:${people.id}:s:${'x'.repeat(200)}`, nobody, nobody],
];

async function check(api: TestApi, people: TestClass, rows: readonly Row[], what: string): Promise<void> {
  for (const [nameOf, read, add] of rows) {
    for (const [index, actor] of actors.entries()) {
      const name = nameOf(people);
      const send = asActor(api, people, actor satisfies Actor);
      assert.equal((await send('GET', pathOf(people, name))).status, read[index], `${what}: ${actor} reads ${name}`);
      const body = { path: `${api.deps.newId()}.py`, language: 'python' };
      const added = await send('POST', pathOf(people, name, '/files'), { body });
      assert.equal(added.status, add[index], `${what}: ${actor} adds to ${name}`);
      // Who may not add may not rename or delete either, and hears so before anything else is looked at.
      if (added.status === 201) continue;
      for (const method of ['PATCH', 'DELETE']) {
        const answer = await send(method, pathOf(people, name, '/files/nothing'), { body: { nonsense: 1 } });
        assert.equal(answer.status, add[index], `${what}: ${actor} ${method} ${name}`);
      }
    }
  }
}

test('[DAPI5, DAPI6, DAPI7] every document route for everybody', async () => {
  const api = await startTestApi();
  try {
    const people = await makeClass(api);
    await answerDocuments(api.deps.bus);
    await check(api, people, lecture, 'lecture');

    const path = `/api/classrooms/${people.id}`;
    await api.as(people.owner)('PATCH', path, { body: { mode: 'free' } });
    await check(api, people, [[main, [401, 404, 200, 200, 200, 200], [401, 404, 201, 403, 201, 201]]], 'free');

    await api.deps.db.updateTable('classrooms').set({ ended_at: 1 }).where('id', '=', people.id).execute();
    const own: Row = [
      (each) => workspace(each, 'student'),
      [401, 404, 200, 200, 200, 200],
      [401, 404, 403, 403, 201, 201],
    ];
    await check(api, people, [lecture[0]!, own], 'ended');

    const startsAt = api.clock.now() + 3_600_000;
    const early = { ended_at: null, starts_at: startsAt };
    await api.deps.db.updateTable('classrooms').set(early).where('id', '=', people.id).execute();
    await check(api, people, [[main, [401, 404, 403, 403, 200, 200], [401, 404, 403, 403, 201, 201]]], 'early');
    const refused = await api.as(people.student)('GET', pathOf(people, main(people)));
    assert.equal(refused.body.code, 'not-open-yet');
  } finally {
    await api.close();
  }
});

test('[DAPI5] the workspace of somebody who has left stays', async () => {
  const api = await startTestApi();
  try {
    const people = await makeClass(api);
    await answerDocuments(api.deps.bus);
    const name = workspace(people, 'student');
    const row = {
      name,
      classroom_id: people.id,
      kind: 'workspace',
      user_id: people.student.id,
      epoch: 1,
      snapshot: null,
    };
    await api.deps.db
      .insertInto('documents')
      .values({ ...row, created_at: 1 })
      .execute();
    assert.equal((await api.as(people.student)('POST', `/api/classrooms/${people.id}/leave`)).status, 204);
    assert.equal((await api.as(people.owner)('GET', pathOf(people, name))).status, 200);
    assert.equal((await api.as(people.student)('GET', pathOf(people, name))).status, 404);
  } finally {
    await api.close();
  }
});

const long = (length: number) => 'x'.repeat(length);
const wrong: readonly [string, string, unknown, number, string?][] = [
  ['POST', '/files', undefined, 400, ''],
  ['POST', '/files', {}, 400, 'path'],
  ['POST', '/files', 'x', 400],
  ['POST', '/files', { path: 7, language: 'python' }, 400, 'path'],
  ['POST', '/files', { path: '../../etc/passwd', language: 'python' }, 400, 'path'],
  ['POST', '/files', { path: '/etc/passwd', language: 'python' }, 400, 'path'],
  ['POST', '/files', { path: long(201), language: 'python' }, 400, 'path'],
  ['POST', '/files', { path: 'a.py', language: 'Not A Language' }, 400, 'language'],
  ['POST', '/files', { path: 'a.py', language: 'python', text: long(256 * 1024 + 1) }, 400, 'text'],
  ['POST', '/files', { path: 'a.py', language: 'python', id: 'main' }, 400, ''],
  ['PATCH', '/files/main', {}, 400, ''],
  ['PATCH', '/files/main', { path: '' }, 400, 'path'],
  ['PATCH', '/files/main', { text: 'new' }, 400, ''],
  ['PATCH', `/files/${long(65)}`, { path: 'b.py' }, 404],
  ['DELETE', '/files/a%2Fb', undefined, 404],
  ['PUT', '', { files: [] }, 405],
];

test('[DAPI8] wrong input', async () => {
  const api = await startTestApi();
  try {
    const people = await makeClass(api);
    const { edits } = await answerDocuments(api.deps.bus);
    for (const [method, rest, body, status, field] of wrong) {
      const path = pathOf(people, main(people), rest);
      const answer = await api.as(people.owner)(method, path, body === undefined ? {} : { body });
      const what = `${method} ${rest} ${JSON.stringify(body)?.slice(0, 80)}`;
      assert.equal(answer.status, status, what);
      assert.match(answer.headers.get('content-type')!, /^application\/problem\+json/, what);
      if (field === undefined) continue;
      const fields: string[] = answer.body.errors.map((each: { path: string }) => each.path);
      assert.ok(fields.includes(field), `${what}: ${fields.join(', ')}`);
    }
    assert.deepEqual(edits, []);
  } finally {
    await api.close();
  }
});

test('[DAPI9] no node answers', async () => {
  const api = await startTestApi();
  try {
    const people = await makeClass(api);
    const asked = api.as(people.owner)('GET', pathOf(people, main(people)));
    const { status, body } = await asked;
    assert.deepEqual([status, body.code], [503, 'unavailable']);
    assert.match(body.detail, /try again/);
  } finally {
    await api.close();
  }
});
