import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startTestApi } from '../../test/support/api.ts';
import { makeClass } from '../../test/support/class.ts';
import { databaseEngines, testLog } from '../../test/support/databases.ts';
import { waitFor } from '../../test/support/wait-for.ts';
import { openPresence } from './presence.ts';

for (const engine of databaseEngines) {
  test(`[CLS23, CLS24] who is online, and since when not, on ${engine.name}`, { skip: engine.skip }, async () => {
    const api = await startTestApi({ engine });
    try {
      const people = await makeClass(api);
      const { student, observer, owner } = people;
      const tell = (nodeId: string, ...userIds: string[]) =>
        api.deps.bus.publish('presence.changed', { nodeId, classroomId: people.id, userIds });
      const read = async () => {
        const { body } = await api.as(owner)('GET', `/api/classrooms/${people.id}/members`);
        return new Map<string, { online: boolean; lastSeenAt: string | null }>(
          body.items.map((item: { user: { id: string } }) => [item.user.id, item]),
        );
      };
      const becomes = (expected: readonly string[]) =>
        waitFor(async () => {
          const online = [...(await read())].filter(([, item]) => item.online).map(([id]) => id);
          return JSON.stringify(online.toSorted()) === JSON.stringify(expected.toSorted());
        });

      await tell('one', student.id);
      await tell('two', student.id, observer.id);
      await becomes([student.id, observer.id]);
      await tell('one');
      await becomes([student.id, observer.id]);
      assert.equal((await read()).get(student.id)!.lastSeenAt, null, 'still online elsewhere');

      api.clock.advance(1_000);
      const leftAt = new Date(api.clock.now()).toISOString();
      await tell('two', observer.id);
      await becomes([observer.id]);
      await waitFor(async () => (await read()).get(student.id)!.lastSeenAt === leftAt);
      assert.equal((await read()).get(observer.id)!.lastSeenAt, null);
    } finally {
      await api.close();
    }
  });
}

test('[CLS23, CLS24] a node that has fallen silent', async () => {
  const api = await startTestApi();
  try {
    const people = await makeClass(api);
    const { bus, db, clock } = api.deps;
    const presence = await openPresence({ bus, db, clock, log: testLog, sweepMs: 5 });
    await bus.publish('presence.changed', { nodeId: 'one', classroomId: people.id, userIds: [people.student.id] });
    await waitFor(() => presence.online(people.id).has(people.student.id));
    api.clock.advance(29_999);
    await bus.publish('presence.changed', { nodeId: 'two', classroomId: people.id, userIds: [people.observer.id] });
    await waitFor(() => presence.online(people.id).has(people.observer.id));
    assert.equal(presence.online(people.id).has(people.student.id), true);
    api.clock.advance(1);
    await waitFor(() => !presence.online(people.id).has(people.student.id));
    assert.equal(presence.online(people.id).has(people.observer.id), true);
    await waitFor(async () => {
      const rows = await db.selectFrom('members').select(['user_id', 'last_seen_at']).execute();
      return rows.some((row) => row.user_id === people.student.id && row.last_seen_at === clock.now());
    });
    await presence.close();
  } finally {
    await api.close();
  }
});
