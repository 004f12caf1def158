import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startTestApi } from '../test/support/api.ts';
import { databaseEngines } from '../test/support/databases.ts';
import { seedDemo } from './index.ts';

for (const engine of databaseEngines) {
  const on = { skip: engine.skip };

  test(`[ACC25] the demo is there once, and everybody of it can sign in (${engine.name})`, on, async (t) => {
    const api = await startTestApi({ engine });
    t.after(() => api.close());
    const [demo, ...others] = await Promise.all([seedDemo(api.deps), seedDemo(api.deps), seedDemo(api.deps)]);
    assert.deepEqual(demo, {
      joinCode: 'DEMO',
      password: 'lectern-demo',
      logins: ['instructor@lectern.local', 'student1@lectern.local', 'student2@lectern.local'],
    });
    assert.deepEqual(others, [demo, demo]);
    assert.deepEqual(await seedDemo(api.deps), demo, 'the second start tells the logins too');
    for (const email of demo.logins) {
      const { status } = await api.as()('POST', '/api/auth/login', { body: { email, password: demo.password } });
      assert.equal(status, 200);
    }
    const { db } = api.deps;
    assert.equal((await db.selectFrom('users').select('id').execute()).length, 3);
    const classroom = await db.selectFrom('classrooms').selectAll().executeTakeFirstOrThrow();
    assert.deepEqual(
      [classroom.code, classroom.language, classroom.mode, classroom.starts_at, classroom.ended_at],
      ['DEMO', 'python', 'lecture', null, null],
    );
    const members = await db.selectFrom('members').select(['user_id', 'role']).execute();
    assert.deepEqual(members.map(({ role }) => role).toSorted(), ['owner', 'student', 'student']);
    assert.equal(members.find(({ role }) => role === 'owner')?.user_id, classroom.owner_id);
  });
}

test('[ACC25] a database that somebody uses is left as it is', async (t) => {
  const api = await startTestApi();
  t.after(() => api.close());
  await api.signUp();
  assert.equal(await seedDemo(api.deps), undefined);
  assert.equal((await api.deps.db.selectFrom('users').select('id').execute()).length, 1);
});

test('[ACC25] without DEMO nothing is seeded', async (t) => {
  const api = await startTestApi({ environment: { DEMO: '0' } });
  t.after(() => api.close());
  assert.equal(await seedDemo(api.deps), undefined);
  assert.equal((await api.deps.db.selectFrom('users').select('id').execute()).length, 0);
});

test('[ACC25] a demo that cannot be made whole is not made at all', async (t) => {
  const api = await startTestApi();
  t.after(() => api.close());
  const id = api.deps.newId();
  assert.equal(await seedDemo({ ...api.deps, newId: () => id }), undefined, 'the second person finds the id taken');
  assert.equal((await api.deps.db.selectFrom('users').select('id').execute()).length, 0);
});
