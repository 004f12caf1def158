import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startTestApi, type TestApi } from '../../test/support/api.ts';
import { makeClass } from '../../test/support/class.ts';
import { databaseEngines } from '../../test/support/databases.ts';

type Entry = { name: string; kind: string; access: string; epoch: number; userId?: string };
type Role = 'owner' | 'assistant' | 'student' | 'observer';
const roles: readonly Role[] = ['owner', 'assistant', 'student', 'observer'];

/** What collab does when a workspace is opened for the first time. */
async function storeWorkspace(api: TestApi, classroomId: string, userId: string, epoch: number): Promise<string> {
  const name = `c:${classroomId}:s:${userId}`;
  const row = { name, classroom_id: classroomId, kind: 'workspace', user_id: userId, epoch, snapshot: null };
  await api.deps.db
    .insertInto('documents')
    .values({ ...row, created_at: api.clock.now() })
    .execute();
  return name;
}

for (const engine of databaseEngines) {
  test(`[CLS20, CLS22] the documents one may open on ${engine.name}`, { skip: engine.skip }, async () => {
    const api = await startTestApi({ engine });
    try {
      const people = await makeClass(api, { mode: 'practice' });
      const gone = await api.signUp('Gone');
      const own = (who: Role) => `c:${people.id}:s:${people[who].id}`;
      await storeWorkspace(api, people.id, people.student.id, 1);
      const leftBehind = await storeWorkspace(api, people.id, gone.id, 7);
      const elsewhere = await makeClass(api);
      await storeWorkspace(api, elsewhere.id, elsewhere.student.id, 1);

      const main = `c:${people.id}:main`;
      const listed = async (who: Role) => {
        const { status, body } = await api.as(people[who])('POST', `/api/classrooms/${people.id}/collab-token`);
        assert.equal(status, 200);
        const documents: Entry[] = body.documents;
        for (const { name, kind, userId } of documents)
          assert.deepEqual([kind, userId], name === main ? ['main', undefined] : ['workspace', name.split(':')[3]]);
        return Object.fromEntries(documents.map(({ name, access, epoch }) => [name, `${access} ${epoch}`]));
      };
      const expected = (mainOfStudents: string, own1: string): Record<Role, Record<string, string>> => ({
        owner: { [main]: 'write 1', [own('owner')]: 'write 1', [own('student')]: 'write 1', [leftBehind]: 'write 7' },
        assistant: {
          [main]: 'write 1',
          [own('assistant')]: 'write 1',
          [own('student')]: 'write 1',
          [leftBehind]: 'write 7',
        },
        student: { [main]: `${mainOfStudents} 1`, [own('student')]: `${own1} 1` },
        observer: { [main]: 'read 1', [own('student')]: 'read 1', [leftBehind]: 'read 7' },
      });
      const all = async () => Object.fromEntries(await Promise.all(roles.map(async (who) => [who, await listed(who)])));

      assert.deepEqual(await all(), expected('read', 'write'));
      const path = `/api/classrooms/${people.id}`;
      assert.equal((await api.as(people.owner)('PATCH', path, { body: { mode: 'free' } })).status, 200);
      assert.deepEqual(await all(), expected('write', 'write'));
      await api.deps.db.updateTable('classrooms').set({ ended_at: 1 }).where('id', '=', people.id).execute();
      assert.deepEqual(await all(), expected('read', 'read'));
    } finally {
      await api.close();
    }
  });
}

test('[CLS19] what the token is good for', async () => {
  const api = await startTestApi({ environment: { PUBLIC_URL: 'https://class.example.org/' } });
  try {
    const people = await makeClass(api);
    const { body } = await api.as(people.student)('POST', `/api/classrooms/${people.id}/collab-token`);
    assert.equal(body.url, 'wss://class.example.org/collab');
    assert.equal(body.expiresIn, 12 * 3600);
    const { id: sub, sessionId: sid } = people.student;
    assert.deepEqual(api.deps.tokens.verify('collab', body.token), { sub, sid, cls: people.id });
    assert.equal(api.deps.tokens.verify('access', body.token), undefined);
    api.clock.advance(12 * 3600 * 1000);
    assert.equal(api.deps.tokens.verify('collab', body.token), undefined);
  } finally {
    await api.close();
  }
});

test('[CLS21] before a scheduled classroom opens', async () => {
  const api = await startTestApi();
  try {
    const startsAt = new Date(api.clock.now() + 11 * 60_000);
    const people = await makeClass(api, { startsAt: startsAt.toISOString() });
    const ask = (who: Role) => api.as(people[who])('POST', `/api/classrooms/${people.id}/collab-token`);
    for (const who of ['owner', 'assistant'] as const) assert.equal((await ask(who)).status, 200, who);
    for (const who of ['student', 'observer'] as const) {
      const { status, body } = await ask(who);
      assert.deepEqual([status, body.code], [403, 'not-open-yet'], who);
      assert.ok(body.detail.includes(new Date(startsAt.getTime() - 600_000).toISOString()), body.detail);
    }
    api.clock.advance(60_000);
    for (const who of roles) assert.equal((await ask(who)).status, 200, who);
  } finally {
    await api.close();
  }
});
