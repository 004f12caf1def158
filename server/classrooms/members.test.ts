import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startTestApi } from '../../test/support/api.ts';
import { makeClass } from '../../test/support/class.ts';
import { databaseEngines } from '../../test/support/databases.ts';
import { hear } from '../../test/support/hear.ts';

const member = (api: Awaited<ReturnType<typeof startTestApi>>, classroomId: string, userId: string) =>
  api.deps.db
    .selectFrom('members')
    .selectAll()
    .where('classroom_id', '=', classroomId)
    .where('user_id', '=', userId)
    .executeTakeFirst();

for (const engine of databaseEngines) {
  const on = { skip: engine.skip };
  const start = () => startTestApi({ engine });

  test(`[CLS5, CLS6, CLS18] joining by code on ${engine.name}`, on, async () => {
    const api = await start();
    try {
      const people = await makeClass(api);
      const access = await hear(api.deps.bus, 'access.changed', { classroomId: 'mark' });
      const join = (who: 'stranger' | 'owner' | 'observer', code: string) =>
        api.as(people[who])('POST', '/api/classrooms/join', { body: { code } });

      const joined = await join('stranger', ` ${people.code.toLowerCase()}\n`);
      assert.equal(joined.status, 200);
      assert.partialDeepStrictEqual(joined.body, { id: people.id, myRole: 'student', memberCount: 5 });
      assert.deepEqual(await access(), [{ classroomId: people.id, userId: people.stranger.id }]);

      assert.deepEqual((await join('stranger', people.code)).body, joined.body);
      assert.equal((await join('observer', people.code)).body.myRole, 'observer');
      assert.equal((await join('owner', people.code)).body.myRole, 'owner');
      assert.deepEqual(await access(), []);

      const unknown = await join('stranger', 'NOCODE');
      assert.deepEqual([unknown.status, unknown.body.code], [404, 'join-code-unknown']);
      const ban = `/api/classrooms/${people.id}/members/${people.stranger.id}?ban=true`;
      assert.equal((await api.as(people.owner)('DELETE', ban)).status, 204);
      const banned = await join('stranger', people.code);
      assert.deepEqual([banned.status, banned.body.code], [403, 'forbidden']);
    } finally {
      await api.close();
    }
  });

  test(`[CLS7] the capacity holds when many join at once on ${engine.name}`, on, async () => {
    const api = await start();
    try {
      // One student is there already, and an observer, who needs no seat.
      const people = await makeClass(api, { capacity: 4 });
      const crowd = await Promise.all(Array.from({ length: 12 }, (_, index) => api.signUp(`Student ${index}`)));
      const answers = await Promise.all(
        crowd.map((user) => api.as(user)('POST', '/api/classrooms/join', { body: { code: people.code } })),
      );
      const full = answers.filter(({ status }) => status === 409);
      assert.deepEqual([answers.filter(({ status }) => status === 200).length, full.length], [3, 9]);
      assert.ok(full.every(({ body }) => body.code === 'classroom-full'));
      assert.equal((await api.as(people.owner)('GET', `/api/classrooms/${people.id}`)).body.memberCount, 7);

      const path = `/api/classrooms/${people.id}/members/${people.observer.id}`;
      const seat = await api.as(people.owner)('PATCH', path, { body: { role: 'student' } });
      assert.deepEqual([seat.status, seat.body.code], [409, 'classroom-full']);
      assert.equal((await member(api, people.id, people.observer.id))?.role, 'observer');
    } finally {
      await api.close();
    }
  });

  test(`[CLS14, CLS16] listing and removing members on ${engine.name}`, on, async () => {
    const api = await start();
    try {
      const people = await makeClass(api);
      const path = `/api/classrooms/${people.id}/members`;
      const list = async (query = '') => (await api.as(people.student)('GET', path + query)).body;
      const names = async () => (await list()).items.map((item: { user: { name: string } }) => item.user.name);
      assert.deepEqual((await list()).items[2], {
        user: { id: people.student.id, name: 'Student', avatarUrl: null },
        role: 'student',
        online: false,
        joinedAt: new Date(api.clock.now()).toISOString(),
        lastSeenAt: null,
      });
      const first = await list('?limit=3');
      const rest = await list(`?limit=3&cursor=${first.nextCursor}`);
      assert.deepEqual([first.items.length, rest.items.length, rest.nextCursor], [3, 1, null]);
      assert.deepEqual([...first.items, ...rest.items], (await list()).items);

      const rejoin = () => api.as(people.observer)('POST', '/api/classrooms/join', { body: { code: people.code } });
      assert.equal((await api.as(people.assistant)('DELETE', `${path}/${people.observer.id}`)).status, 204);
      assert.deepEqual(await names(), ['Owner', 'Assistant', 'Student']);
      assert.equal((await rejoin()).body.myRole, 'student');
      assert.equal((await api.as(people.owner)('DELETE', `${path}/${people.observer.id}?ban=true`)).status, 204);
      assert.deepEqual(await names(), ['Owner', 'Assistant', 'Student']);
      assert.equal((await rejoin()).status, 403);
      for (const method of ['PATCH', 'DELETE'] as const) {
        const body = method === 'PATCH' ? { role: 'student' } : undefined;
        const again = await api.as(people.owner)(method, `${path}/${people.observer.id}`, { body });
        assert.deepEqual([again.status, again.body.code], [404, 'not-found']);
      }
    } finally {
      await api.close();
    }
  });
}

test('[CLS8] guessing join codes is slowed down', async () => {
  const api = await startTestApi();
  try {
    const people = await makeClass(api);
    const join = (user: typeof people.stranger, code: string) =>
      api.as(user)('POST', '/api/classrooms/join', { body: { code } });
    for (let index = 0; index < 30; index += 1) {
      assert.equal((await join(people.stranger, `WRONG${index}`)).status, 404);
      api.clock.advance(1_000);
    }
    const refused = await join(people.stranger, people.code);
    assert.deepEqual([refused.status, refused.body.code], [429, 'too-many-requests']);
    assert.equal(refused.headers.get('retry-after'), '570');
    assert.equal((await join(await api.signUp('Someone else'), people.code)).status, 200);
    api.clock.advance(570_000);
    assert.equal((await join(people.stranger, people.code)).status, 200);
  } finally {
    await api.close();
  }
});

test('[CLS17, CLS18] leaving a classroom', async () => {
  const api = await startTestApi();
  try {
    const people = await makeClass(api);
    const path = `/api/classrooms/${people.id}`;
    const access = await hear(api.deps.bus, 'access.changed', { classroomId: 'mark' });
    const owner = await api.as(people.owner)('POST', `${path}/leave`);
    assert.deepEqual([owner.status, owner.body.code], [409, 'last-owner']);
    assert.deepEqual(await access(), []);
    for (const who of ['assistant', 'student', 'observer'] as const) {
      assert.equal((await api.as(people[who])('POST', `${path}/leave`)).status, 204, who);
      assert.deepEqual(await access(), [{ classroomId: people.id, userId: people[who].id }]);
      assert.equal((await api.as(people[who])('GET', path)).status, 404, who);
    }
  } finally {
    await api.close();
  }
});

test('[CLS15, CLS16, CLS17, CLS18] who may change and remove whom', async () => {
  const roles = ['owner', 'assistant', 'student', 'observer'] as const;
  type Role = (typeof roles)[number];
  /** actor, target, and what the actor may make of the target. */
  const table: Record<Role, Partial<Record<Role, readonly Role[]>>> = {
    owner: {
      assistant: ['assistant', 'student', 'observer'],
      student: ['assistant', 'student', 'observer'],
      observer: ['assistant', 'student', 'observer'],
    },
    assistant: { student: ['student', 'observer'], observer: ['student', 'observer'] },
    student: {},
    observer: {},
  };
  const api = await startTestApi();
  try {
    const people = await makeClass(api);
    const target = await api.signUp('Target');
    await api.as(target)('POST', '/api/classrooms/join', { body: { code: people.code } });
    const access = await hear(api.deps.bus, 'access.changed', { classroomId: 'mark' });
    const setTarget = (role: string) =>
      api.deps.db.updateTable('members').set({ role }).where('user_id', '=', target.id).execute();
    const membersPath = `/api/classrooms/${people.id}/members`;

    for (const actor of roles) {
      for (const from of roles) {
        const onOwner = from === 'owner';
        const path = `${membersPath}/${onOwner ? people.owner.id : target.id}`;
        const refusal = actor === 'owner' && onOwner ? 409 : 403;
        for (const to of ['assistant', 'student', 'observer'] as const) {
          if (!onOwner) await setTarget(from);
          const { status } = await api.as(people[actor])('PATCH', path, { body: { role: to } });
          const allowed = table[actor][from]?.includes(to) === true;
          assert.equal(status, allowed ? 200 : refusal, `${actor} makes ${from} ${to}`);
          assert.equal((await access()).length, allowed && from !== to ? 1 : 0, `${actor} makes ${from} ${to}`);
        }
        if (!onOwner) await setTarget(from);
        const { status } = await api.as(people[actor])('DELETE', path);
        const allowed = table[actor][from] !== undefined;
        assert.equal(status, allowed ? 204 : refusal, `${actor} removes ${from}`);
        assert.equal((await access()).length, allowed ? 1 : 0, `${actor} removes ${from}`);
        if (!allowed) continue;
        await api.as(target)('POST', '/api/classrooms/join', { body: { code: people.code } });
        await access();
      }
    }
    const toOwner = await api.as(people.owner)('PATCH', `${membersPath}/${target.id}`, { body: { role: 'owner' } });
    assert.equal(toOwner.status, 400);
  } finally {
    await api.close();
  }
});
