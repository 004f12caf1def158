import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { AppError } from '#contract/errors.ts';
import { createMemoryBus } from '#platform/bus/memory-bus.ts';
import { databaseEngines, testLog } from '../../test/support/databases.ts';
import { openLiveSessions } from './live-sessions.ts';
import { insertSession, insertUser, revokeSessions } from './store.ts';

const session = { sessionId: 'session', userId: 'user' };

async function start(t: TestContext) {
  const opened = await databaseEngines[0]!.open();
  const { db } = opened.database;
  const bus = createMemoryBus({ log: testLog });
  let now = 1_000_000;
  const clock = { now: () => now };
  await insertUser(db, { id: 'user', email: 'ada@example.org', name: 'Ada', passwordHash: null, now });
  await insertSession(db, { id: 'session', userId: 'user', userAgent: '', now, expiresAt: now + 60_000 });
  const liveSessions = await openLiveSessions({ db, bus, clock });
  t.after(async () => {
    await liveSessions.close();
    await bus.close();
    await opened.drop();
  });
  return { db, liveSessions, advance: (ms: number) => (now += ms) };
}

const isUnavailable = (error: unknown) => error instanceof AppError && error.code === 'unavailable';

test('[ACC14] a question under way when a session is ended does not bring it back', async (t) => {
  const { liveSessions, db } = await start(t);
  const underWay = liveSessions.isLive(session);
  liveSessions.forget('session');
  assert.equal(await underWay, false);
  assert.equal(await liveSessions.isLive(session), false);
  await revokeSessions(db, ['session'], 1_000_001);
  assert.equal(await liveSessions.isLive(session), false);
});

test('[ACC14] a session is believed for five seconds and not beyond its end', async (t) => {
  const { liveSessions, advance } = await start(t);
  assert.equal(await liveSessions.isLive(session), true);
  advance(60_000);
  assert.equal(await liveSessions.isLive(session), false);
});

test('[ACC22] a session of somebody else is not live', async (t) => {
  const { liveSessions } = await start(t);
  assert.equal(await liveSessions.isLive({ ...session, userId: 'eve' }), false);
  assert.equal(await liveSessions.isLive({ ...session, sessionId: 'none' }), false);
  assert.equal(await liveSessions.isLive(session), true);
});

test('[ACC15] no answer from the database is no yes', async (t) => {
  const { liveSessions, db, advance } = await start(t);
  assert.equal(await liveSessions.isLive(session), true);
  await db.destroy();
  advance(5_000);
  await assert.rejects(liveSessions.isLive(session), isUnavailable);
});
