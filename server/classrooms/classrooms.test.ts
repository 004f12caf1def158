import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startTestApi } from '../../test/support/api.ts';
import { joinClass, makeClass } from '../../test/support/class.ts';
import { databaseEngines } from '../../test/support/databases.ts';
import { hear } from '../../test/support/hear.ts';
import { withFreeCode } from './join-code.ts';

const minute = 60_000;

for (const engine of databaseEngines) {
  const on = { skip: engine.skip };
  const start = () => startTestApi({ engine });

  test(`[CLS1, CLS2] making a classroom on ${engine.name}`, on, async () => {
    const api = await start();
    try {
      const ada = await api.signUp('Ada');
      const made = await api.as(ada)('POST', '/api/classrooms', { body: { title: ' Schleifen 🙂 ' } });
      assert.equal(made.status, 201);
      assert.equal(made.headers.get('location'), `/api/classrooms/${made.body.id}`);
      const { id, code, ...rest } = made.body;
      assert.deepEqual(rest, {
        title: 'Schleifen 🙂',
        description: '',
        language: 'python',
        mode: 'lecture',
        startsAt: null,
        endsAt: null,
        status: 'live',
        capacity: null,
        myRole: 'owner',
        owner: { id: ada.id, name: 'Ada' },
        memberCount: 1,
      });
      assert.match(code, /^[2-9A-HJKMNP-Z]{6}$/);
      assert.deepEqual((await api.as(ada)('GET', `/api/classrooms/${id}`)).body, made.body);

      const body = {
        title: 'Java',
        description: 'Bring a laptop.\nAnd coffee.',
        language: 'java',
        mode: 'practice',
        startsAt: '2030-01-02T08:00:00Z',
        endsAt: '2030-01-02T09:30:00.500Z',
        capacity: 30,
      };
      const full = await api.as(ada)('POST', '/api/classrooms', { body });
      assert.partialDeepStrictEqual(full.body, { ...body, startsAt: '2030-01-02T08:00:00.000Z' });
    } finally {
      await api.close();
    }
  });

  test(`[CLS2] a code that is taken is not given again on ${engine.name}`, on, async () => {
    const api = await start();
    try {
      const { code: taken, owner } = await makeClass(api);
      const other = (await api.as(owner)('POST', '/api/classrooms', { body: { title: 'Other' } })).body.id;
      const drawn = [taken, taken, 'FREEEE'];
      await withFreeCode(
        () => drawn.shift()!,
        async (code) =>
          void (await api.deps.db.updateTable('classrooms').set({ code }).where('id', '=', other).execute()),
      );
      const { items } = (await api.as(owner)('GET', '/api/classrooms')).body;
      assert.deepEqual(new Set(items.map((item: { code: string }) => item.code)), new Set([taken, 'FREEEE']));
    } finally {
      await api.close();
    }
  });

  test(`[CLS3] listing one's classrooms on ${engine.name}`, on, async () => {
    const api = await start();
    try {
      const [ada, bob] = [await api.signUp('Ada'), await api.signUp('Bob')];
      const ids: string[] = [];
      for (let index = 0; index < 5; index += 1) {
        const { body } = await api.as(ada)('POST', '/api/classrooms', { body: { title: `Class ${index}` } });
        if (index % 2 === 0) await joinClass(api, bob, body.code);
        ids.unshift(body.id);
      }
      const listed: string[] = [];
      let path: string | undefined = '/api/classrooms?limit=2';
      while (path !== undefined) {
        const { status, body } = await api.as(ada)('GET', path);
        assert.equal(status, 200);
        listed.push(...body.items.map((item: { id: string }) => item.id));
        path = body.nextCursor === null ? undefined : `/api/classrooms?limit=2&cursor=${body.nextCursor}`;
      }
      assert.deepEqual(listed, ids);
      const { body } = await api.as(bob)('GET', '/api/classrooms');
      assert.deepEqual(
        body.items.map((item: { id: string; memberCount: number }) => [item.id, item.memberCount]),
        [ids[0], ids[2], ids[4]].map((id) => [id, 2]),
      );
      assert.equal(body.nextCursor, null);
    } finally {
      await api.close();
    }
  });

  test(`[CLS4, CLS9, CLS13] codes and status on ${engine.name}`, on, async () => {
    const api = await start();
    try {
      const startsAt = new Date(api.clock.now() + 15 * minute).toISOString();
      const people = await makeClass(api, { startsAt });
      const path = `/api/classrooms/${people.id}`;
      const read = async (who: 'owner' | 'assistant' | 'student' | 'observer') =>
        (await api.as(people[who])('GET', path)).body;
      for (const who of ['owner', 'assistant'] as const) assert.equal((await read(who)).code, people.code);
      for (const who of ['student', 'observer'] as const) assert.equal('code' in (await read(who)), false);

      assert.equal((await read('student')).status, 'scheduled');
      api.clock.advance(5 * minute - 1);
      assert.equal((await read('student')).status, 'scheduled');
      api.clock.advance(1);
      assert.equal((await read('student')).status, 'live');
      const { db, clock } = api.deps;
      await db.updateTable('classrooms').set({ starts_at: 1, ends_at: 2 }).where('id', '=', people.id).execute();
      assert.equal((await read('student')).status, 'live', 'a lesson lasts until it is ended');
      await db.updateTable('classrooms').set({ ended_at: clock.now() }).where('id', '=', people.id).execute();
      assert.equal((await read('student')).status, 'ended');

      const renewed = await api.as(people.assistant)('POST', `${path}/code`);
      assert.equal(renewed.status, 200);
      assert.notEqual(renewed.body.code, people.code);
      const join = (code: string) => api.as(people.stranger)('POST', '/api/classrooms/join', { body: { code } });
      assert.equal((await join(people.code)).body.code, 'join-code-unknown');
      assert.equal((await join(renewed.body.code)).status, 200);
      assert.equal((await api.as(people.student)('GET', path)).status, 200);
    } finally {
      await api.close();
    }
  });

  test(`[CLS10, CLS11] changing a classroom on ${engine.name}`, on, async () => {
    const api = await start();
    try {
      const people = await makeClass(api, { description: 'old', capacity: 20 });
      const path = `/api/classrooms/${people.id}`;
      const patch = (body: unknown) => api.as(people.assistant)('PATCH', path, { body });
      const before = (await api.as(people.assistant)('GET', path)).body;
      const updates = await hear(api.deps.bus, 'classroom.updated', { classroomId: 'mark', mode: 'free' });
      const access = await hear(api.deps.bus, 'access.changed', { classroomId: 'mark' });

      assert.deepEqual((await patch({})).body, before);
      assert.deepEqual((await patch({ title: 'New', capacity: null })).body, {
        ...before,
        title: 'New',
        capacity: null,
      });
      assert.deepEqual((await patch({ mode: 'lecture' })).body.mode, 'lecture');
      assert.deepEqual([await updates(), await access()], [[], []]);

      // Whoever hears of a new mode finds it stored.
      let storedWhenTold: string | undefined;
      await api.deps.bus.subscribe('classroom.updated', async () => {
        const row = await api.deps.db
          .selectFrom('classrooms')
          .select('mode')
          .where('id', '=', people.id)
          .executeTakeFirst();
        storedWhenTold ??= row?.mode;
      });
      assert.equal((await patch({ mode: 'practice' })).body.mode, 'practice');
      assert.deepEqual(await updates(), [{ classroomId: people.id, mode: 'practice' }]);
      assert.deepEqual(await access(), [{ classroomId: people.id }]);
      assert.equal(storedWhenTold, 'practice');

      const times = { startsAt: '2030-01-01T10:00:00.000Z', endsAt: '2030-01-01T11:00:00.000Z' };
      assert.partialDeepStrictEqual((await patch(times)).body, times);
      assert.deepEqual([await updates(), await access()], [[], [{ classroomId: people.id }]]);
      await patch({ endsAt: '2030-01-01T11:00:00Z', description: 'new' });
      assert.deepEqual(await access(), []);
      for (const wrong of [{ endsAt: times.startsAt }, { startsAt: '2030-01-01T12:00:00Z' }]) {
        const refused = await patch(wrong);
        assert.equal(refused.status, 400);
        assert.deepEqual(refused.body.errors, [{ path: 'endsAt', message: 'must be later than startsAt' }]);
      }
      assert.partialDeepStrictEqual((await api.as(people.owner)('GET', path)).body, times);
      assert.equal((await patch({ startsAt: null })).body.startsAt, null);
    } finally {
      await api.close();
    }
  });

  test(`[CLS12] deleting a classroom on ${engine.name}`, on, async () => {
    const api = await start();
    try {
      const people = await makeClass(api);
      const path = `/api/classrooms/${people.id}`;
      const access = await hear(api.deps.bus, 'access.changed', { classroomId: 'mark' });
      assert.equal((await api.as(people.owner)('DELETE', path)).status, 204);
      assert.deepEqual(await access(), [{ classroomId: people.id }]);
      for (const who of ['owner', 'assistant', 'student', 'observer'] as const) {
        assert.equal((await api.as(people[who])('GET', path)).status, 404, who);
        assert.equal((await api.as(people[who])('GET', '/api/classrooms')).body.items.length, 0, who);
      }
      const joined = await api.as(people.stranger)('POST', '/api/classrooms/join', { body: { code: people.code } });
      assert.equal(joined.body.code, 'join-code-unknown');
    } finally {
      await api.close();
    }
  });
}
