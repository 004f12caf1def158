import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startTestApi } from '../../test/support/api.ts';
import { makeClass } from '../../test/support/class.ts';
import { databaseEngines } from '../../test/support/databases.ts';
import { hear } from '../../test/support/hear.ts';
import { waitFor } from '../../test/support/wait-for.ts';

const minute = 60_000;

for (const engine of databaseEngines) {
  const on = { skip: engine.skip };

  test(`[CLS27, CLS28] ending and starting a lesson on ${engine.name}`, on, async (t) => {
    const api = await startTestApi({ engine });
    t.after(() => api.close());
    const { clock } = api;
    const { db, bus } = api.deps;
    const people = await makeClass(api, { mode: 'free' });
    const updates = await hear(bus, 'classroom.updated', { classroomId: 'mark', mode: 'free' });
    const access = await hear(bus, 'access.changed', { classroomId: 'mark' });
    const heard = async () => [await updates(), await access()];
    const told = [[{ classroomId: people.id, mode: 'free' }], [{ classroomId: people.id }]];
    const post = async (who: 'owner' | 'assistant', what: 'start' | 'end') => {
      const { status, body } = await api.as(people[who])('POST', `/api/classrooms/${people.id}/${what}`);
      assert.equal(status, 200, JSON.stringify(body));
      return body;
    };
    const endedAt = async () =>
      (await db.selectFrom('classrooms').select('ended_at').where('id', '=', people.id).executeTakeFirstOrThrow())
        .ended_at;

    assert.equal((await post('owner', 'start')).status, 'live');
    assert.deepEqual(await heard(), [[], []]);

    // Whoever hears of the end finds it stored.
    const storedWhenTold: (number | null)[] = [];
    const end = await bus.subscribe('access.changed', async ({ classroomId }) => {
      if (classroomId === people.id) storedWhenTold.push(await endedAt());
    });
    const before = clock.now();
    const ended = await post('assistant', 'end');
    assert.partialDeepStrictEqual(ended, { status: 'ended', myRole: 'assistant', code: people.code, mode: 'free' });
    assert.deepEqual(await heard(), told);
    await waitFor(() => storedWhenTold.length > 0, { what: 'the news to be looked up' });
    await end();
    assert.deepEqual(storedWhenTold, [before]);

    clock.advance(minute);
    assert.equal((await post('owner', 'end')).status, 'ended');
    assert.equal(await endedAt(), before);
    assert.deepEqual(await heard(), [[], []]);

    assert.equal((await post('owner', 'start')).status, 'live');
    assert.equal(await endedAt(), null);
    assert.deepEqual(await heard(), told);
  });

  test(`[CLS27] starting a lesson before its time on ${engine.name}`, on, async (t) => {
    const api = await startTestApi({ engine });
    t.after(() => api.close());
    const at = (ms: number) => new Date(api.clock.now() + ms).toISOString();
    const [startsAt, endsAt] = [at(60 * minute), at(90 * minute)];
    const people = await makeClass(api, { startsAt, endsAt });
    const post = async (what: 'start' | 'end') =>
      (await api.as(people.owner)('POST', `/api/classrooms/${people.id}/${what}`)).body;
    const token = async () =>
      (await api.as(people.student)('POST', `/api/classrooms/${people.id}/collab-token`)).status;

    assert.equal(await token(), 403);
    assert.partialDeepStrictEqual(await post('start'), { status: 'live', startsAt: at(0), endsAt });
    assert.equal(await token(), 200);
    // A new plan after the end, whose start is brought forward past its own end.
    assert.equal((await post('end')).status, 'ended');
    const { db } = api.deps;
    const times = { starts_at: Date.parse(startsAt), ends_at: api.clock.now() };
    await db.updateTable('classrooms').set(times).where('id', '=', people.id).execute();
    assert.partialDeepStrictEqual(await post('start'), { status: 'live', startsAt: at(0), endsAt: null });
  });
}
