import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { createMemoryBus } from '#platform/bus/memory-bus.ts';
import { startTestApi, type TestApi, type TestApiOptions } from '../../test/support/api.ts';
import { refreshCookie, withRefreshCookie } from '../../test/support/cookies.ts';
import { databaseEngines, testLog } from '../../test/support/databases.ts';
import { waitFor } from '../../test/support/wait-for.ts';
import { revokeSessions } from './store.ts';

const person = { email: 'ada@example.org', password: 'correct horse' };

type Login = { accessToken: string; refreshToken: string; sessionId: string };

async function login(api: TestApi): Promise<Login> {
  const { body } = await api.as()('POST', '/api/auth/login', { body: { ...person, returnRefreshToken: true } });
  const sessionId = api.deps.tokens.verify('access', body.accessToken)!.sid;
  return { accessToken: body.accessToken, refreshToken: body.refreshToken, sessionId };
}

async function start(t: TestContext, options: TestApiOptions = {}) {
  const api = await startTestApi(options);
  t.after(() => api.close());
  await api.as()('POST', '/api/auth/register', { body: { ...person, name: 'Ada' } });
  const revoked: string[] = [];
  await api.deps.bus.subscribe('session.revoked', (message) => void revoked.push(message.sessionId));
  return { api, revoked };
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

async function worksStill(api: TestApi, { accessToken, refreshToken }: Login): Promise<[boolean, boolean]> {
  const me = await api.as()('GET', '/api/me', { headers: bearer(accessToken) });
  const refresh = await api.as()('POST', '/api/auth/refresh', { body: { refreshToken } });
  return [me.status === 200, refresh.status === 200];
}

for (const engine of databaseEngines) {
  test(`[ACC12] any token of a session ends it at once (${engine.name})`, { skip: engine.skip }, async (t) => {
    const { api, revoked } = await start(t, { engine });
    const shown: ((mine: Login) => { headers?: Record<string, string>; body?: unknown })[] = [
      ({ accessToken }) => ({ headers: bearer(accessToken) }),
      ({ refreshToken }) => ({ headers: withRefreshCookie(refreshToken) }),
      ({ refreshToken }) => ({ body: { refreshToken } }),
      ({ refreshToken }) => ({ headers: { ...bearer('expired.or.junk'), ...withRefreshCookie(refreshToken) } }),
      ({ accessToken, refreshToken }) => ({ headers: { ...bearer(accessToken), ...withRefreshCookie(refreshToken) } }),
    ];
    const other = await login(api);
    const ended: string[] = [];
    for (const show of shown) {
      const mine = await login(api);
      assert.equal((await api.as()('GET', '/api/me', { headers: bearer(mine.accessToken) })).status, 200);
      const answer = await api.as()('POST', '/api/auth/logout', show(mine));
      assert.equal(answer.status, 204);
      assert.deepEqual([refreshCookie(answer)!.value, refreshCookie(answer)!.maxAge], ['', 0]);
      assert.deepEqual(await worksStill(api, mine), [false, false]);
      ended.push(mine.sessionId);
    }
    assert.deepEqual(await worksStill(api, other), [true, true]);
    await waitFor(() => revoked.length >= ended.length);
    assert.deepEqual(revoked, ended);
  });

  test(
    `[ACC13] logout-all ends every session of the account and no other (${engine.name})`,
    { skip: engine.skip },
    async (t) => {
      const { api, revoked } = await start(t, { engine });
      const eve = await api.signUp('Eve');
      const mine = [await login(api), await login(api), await login(api)];
      const answer = await api.as()('POST', '/api/auth/logout-all', { headers: bearer(mine[1]!.accessToken) });
      assert.equal(answer.status, 204);
      for (const each of mine) assert.deepEqual(await worksStill(api, each), [false, false]);
      assert.equal((await api.as(eve)('GET', '/api/me')).status, 200);
      // The session of the registration is the fourth one.
      await waitFor(() => revoked.length >= 4);
      assert.deepEqual(new Set(revoked).size, 4);
      for (const { sessionId } of mine) assert.ok(revoked.includes(sessionId));
      assert.equal(revoked.includes(eve.sessionId), false);
    },
  );
}

test('[ACC12] to leave with nothing in hand is 401, with an ended session it is done already', async (t) => {
  const { api } = await start(t);
  for (const path of ['/api/auth/logout', '/api/auth/logout-all']) {
    const nothing = await api.as()('POST', path);
    assert.deepEqual([nothing.status, nothing.body.code], [401, 'not-authenticated']);
    const junk = await api.as()('POST', path, { headers: bearer('junk') });
    assert.deepEqual([junk.status, junk.body.code], [401, 'not-authenticated']);
    const mine = await login(api);
    for (const _ of ['first', 'again']) {
      const answer = await api.as()('POST', path, { headers: withRefreshCookie(mine.refreshToken) });
      assert.deepEqual([answer.status, refreshCookie(answer)!.value], [204, '']);
    }
  }
});

test('[ACC12] the node that ends a session refuses it at once, even if the bus carries nothing', async (t) => {
  const bus = { ...createMemoryBus({ log: testLog }), publish: async () => {} };
  const { api } = await start(t, { bus });
  const mine = await login(api);
  assert.equal((await api.as()('GET', '/api/me', { headers: bearer(mine.accessToken) })).status, 200);
  await api.as()('POST', '/api/auth/logout', { headers: bearer(mine.accessToken) });
  assert.equal((await api.as()('GET', '/api/me', { headers: bearer(mine.accessToken) })).status, 401);
});

test('[ACC14] what another node has ended is refused as soon as the bus says so', async (t) => {
  const { api } = await start(t);
  const ada = await api.signUp();
  assert.equal((await api.as(ada)('GET', '/api/me')).status, 200);
  await revokeSessions(api.deps.db, [ada.sessionId], api.clock.now());
  await api.deps.bus.publish('session.revoked', { sessionId: ada.sessionId });
  await waitFor(async () => (await api.as(ada)('GET', '/api/me')).status === 401, { withinMs: 1000 });
});

test('[ACC14] and after five seconds even if the bus does not', async (t) => {
  const { api } = await start(t);
  const ada = await api.signUp();
  assert.equal((await api.as(ada)('GET', '/api/me')).status, 200);
  await revokeSessions(api.deps.db, [ada.sessionId], api.clock.now());
  api.clock.advance(5_000);
  assert.equal((await api.as(ada)('GET', '/api/me')).status, 401);
});
