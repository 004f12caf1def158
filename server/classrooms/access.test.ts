import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startTestApi, type TestApi } from '../../test/support/api.ts';
import { type Actor, actors, asActor, makeClass, type TestClass } from '../../test/support/class.ts';
import { databaseEngines } from '../../test/support/databases.ts';

type Case = {
  method: string;
  path: (people: TestClass) => string;
  body?: unknown;
  /** By actor: anonymous, stranger, student, observer, assistant, owner. */
  expected: readonly [number, number, number, number, number, number];
};

const room =
  (rest = '') =>
  (people: TestClass) =>
    `/api/classrooms/${people.id}${rest}`;

const table: readonly Case[] = [
  { method: 'POST', path: () => '/api/classrooms', body: { title: 'Mine' }, expected: [401, 201, 201, 201, 201, 201] },
  { method: 'GET', path: () => '/api/classrooms', expected: [401, 200, 200, 200, 200, 200] },
  { method: 'GET', path: room(), expected: [401, 404, 200, 200, 200, 200] },
  { method: 'PATCH', path: room(), body: { title: 'New' }, expected: [401, 404, 403, 403, 200, 200] },
  { method: 'DELETE', path: room(), expected: [401, 404, 403, 403, 403, 204] },
  { method: 'POST', path: room('/leave'), expected: [401, 404, 204, 204, 204, 409] },
  { method: 'POST', path: room('/code'), expected: [401, 404, 403, 403, 200, 200] },
  { method: 'POST', path: room('/start'), expected: [401, 404, 403, 403, 200, 200] },
  { method: 'POST', path: room('/end'), expected: [401, 404, 403, 403, 200, 200] },
  { method: 'GET', path: room('/members'), expected: [401, 404, 200, 200, 200, 200] },
  {
    method: 'PATCH',
    path: (people) => room(`/members/${people.observer.id}`)(people),
    body: { role: 'student' },
    expected: [401, 404, 403, 403, 200, 200],
  },
  {
    method: 'DELETE',
    path: (people) => room(`/members/${people.observer.id}`)(people),
    expected: [401, 404, 403, 403, 204, 204],
  },
  { method: 'POST', path: room('/collab-token'), expected: [401, 404, 200, 200, 200, 200] },
];

async function send(api: TestApi, people: TestClass, actor: Actor, { method, path, body }: Case) {
  return asActor(api, people, actor)(method, path(people), body === undefined ? {} : { body });
}

test('[CLS25] every classroom route for everybody', async () => {
  const api = await startTestApi();
  try {
    let people = await makeClass(api);
    for (const each of table) {
      for (const [index, actor] of actors.entries()) {
        const { status } = await send(api, people, actor, each);
        assert.equal(status, each.expected[index], `${actor}: ${each.method} ${each.path(people)}`);
        const changed = status < 300 && each.method !== 'GET';
        if (changed) people = await makeClass(api);
      }
    }
    const anonymous = await api.as()('POST', '/api/classrooms/join', { body: { code: people.code } });
    assert.equal(anonymous.status, 401);
  } finally {
    await api.close();
  }
});

test('[CLS25] strangers learn nothing from how they are refused', async () => {
  const api = await startTestApi();
  try {
    const people = await makeClass(api);
    for (const each of table.filter(({ path }) => path(people).includes(people.id))) {
      const options = each.body === undefined ? {} : { body: { nonsense: true } };
      const problemAt = async (path: string) => {
        const { instance: _, ...problem } = (await api.as(people.stranger)(each.method, path, options)).body;
        return problem;
      };
      const there = await problemAt(each.path(people));
      assert.equal(there.code, 'not-found', each.path(people));
      assert.deepEqual(there, await problemAt(each.path(people).replace(people.id, 'x'.repeat(26))), each.path(people));
    }
  } finally {
    await api.close();
  }
});

const long = (length: number) => 'x'.repeat(length);

/** Method, path, body, status and the path of the field that is wrong. */
const wrong: readonly [string, (people: TestClass) => string, unknown, number, string?][] = [
  ['POST', () => '/api/classrooms', undefined, 400, ''],
  ['POST', () => '/api/classrooms', {}, 400, 'title'],
  ['POST', () => '/api/classrooms', [], 400, ''],
  ['POST', () => '/api/classrooms', '{"title":', 400],
  ['POST', () => '/api/classrooms', { title: 5 }, 400, 'title'],
  ['POST', () => '/api/classrooms', { title: '   ' }, 400, 'title'],
  ['POST', () => '/api/classrooms', { title: long(121) }, 400, 'title'],
  ['POST', () => '/api/classrooms', { title: 'a\u0000b' }, 400, 'title'],
  ['POST', () => '/api/classrooms', { title: 'T', description: long(2001) }, 400, 'description'],
  ['POST', () => '/api/classrooms', { title: 'T', mode: 'chaos' }, 400, 'mode'],
  ['POST', () => '/api/classrooms', { title: 'T', language: 'No Such!' }, 400, 'language'],
  ['POST', () => '/api/classrooms', { title: 'T', capacity: 0 }, 400, 'capacity'],
  ['POST', () => '/api/classrooms', { title: 'T', capacity: 2.5 }, 400, 'capacity'],
  ['POST', () => '/api/classrooms', { title: 'T', startsAt: 'tomorrow' }, 400, 'startsAt'],
  ['POST', () => '/api/classrooms', { title: 'T', startsAt: '2030-02-30T00:00:00Z' }, 400, 'startsAt'],
  ['POST', () => '/api/classrooms', { title: 'T', ownerId: 'somebody' }, 400, ''],
  [
    'POST',
    () => '/api/classrooms',
    { title: 'T', startsAt: '2030-01-02T00:00:00Z', endsAt: '2030-01-01T00:00:00Z' },
    400,
    'endsAt',
  ],
  ['GET', () => '/api/classrooms?limit=0', undefined, 400, 'limit'],
  ['GET', () => '/api/classrooms?limit=201', undefined, 400, 'limit'],
  ['GET', () => '/api/classrooms?limit=many', undefined, 400, 'limit'],
  ['GET', () => '/api/classrooms?cursor=%00', undefined, 400, 'cursor'],
  ['GET', () => '/api/classrooms?page=2', undefined, 400, ''],
  ['POST', () => '/api/classrooms/join', {}, 400, 'code'],
  ['POST', () => '/api/classrooms/join', { code: '  ' }, 400, 'code'],
  ['POST', () => '/api/classrooms/join', { code: long(65) }, 400, 'code'],
  ['POST', () => '/api/classrooms/join', { code: { $ne: '' } }, 400, 'code'],
  ['POST', () => '/api/classrooms/join', { code: "' or 1=1 --" }, 404],
  ['GET', () => '/api/classrooms/no-such-classroom', undefined, 404],
  ['GET', () => `/api/classrooms/${long(65)}`, undefined, 404],
  ['GET', () => '/api/classrooms/__proto__', undefined, 404],
  ['GET', () => '/api/classrooms/%E0%A4%A', undefined, 404],
  ['PUT', room(), { title: 'T' }, 405],
  ['PATCH', room(), { title: '' }, 400, 'title'],
  ['PATCH', room(), { code: 'MYCODE' }, 400, ''],
  ['PATCH', room(), { myRole: 'owner' }, 400, ''],
  ['PATCH', room(), { mode: null }, 400, 'mode'],
  ['PATCH', room(), { endsAt: 12 }, 400, 'endsAt'],
  ['GET', room('/members?limit=-1'), undefined, 400, 'limit'],
  ['PATCH', (people) => room(`/members/${people.student.id}`)(people), {}, 400, 'role'],
  ['PATCH', (people) => room(`/members/${people.student.id}`)(people), { role: 'admin' }, 400, 'role'],
  ['PATCH', room('/members/nobody'), { role: 'student' }, 404],
  ['DELETE', room('/members/nobody'), undefined, 404],
  ['DELETE', (people) => room(`/members/${people.student.id}?ban=maybe`)(people), undefined, 400, 'ban'],
];

for (const engine of databaseEngines) {
  test(`[CLS26] wrong input on ${engine.name}`, { skip: engine.skip }, async () => {
    const api = await startTestApi({ engine });
    try {
      const people = await makeClass(api);
      const { db } = api.deps;
      const stored = async () => [
        await db.selectFrom('classrooms').selectAll().execute(),
        await db.selectFrom('members').selectAll().orderBy('user_id').execute(),
      ];
      const before = await stored();
      for (const [method, path, body, status, field] of wrong) {
        const answer = await api.as(people.owner)(method, path(people), body === undefined ? {} : { body });
        const name = `${method} ${path(people)} ${JSON.stringify(body)}`;
        assert.equal(answer.status, status, `${name}: ${JSON.stringify(answer.body)}`);
        assert.equal(answer.headers.get('content-type'), 'application/problem+json; charset=utf-8', name);
        assert.equal(answer.body.status, status, name);
        if (field !== undefined)
          assert.deepEqual(
            answer.body.errors.map((each: { path: string }) => each.path),
            [field],
            name,
          );
      }
      assert.deepEqual(await stored(), before);
    } finally {
      await api.close();
    }
  });
}
