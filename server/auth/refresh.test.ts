import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { type Answer, startTestApi, type TestApi, type TestApiOptions } from '../../test/support/api.ts';
import { refreshCookie, withRefreshCookie } from '../../test/support/cookies.ts';
import { databaseEngines } from '../../test/support/databases.ts';
import { waitFor } from '../../test/support/wait-for.ts';

const second = 1000;
const day = 24 * 60 * 60 * second;

type SignedIn = { api: TestApi; refreshToken: string; accessToken: string; sessionId: string; revoked: string[] };

/** The API with one account that signed in with its refresh token in the body. `revoked` collects what the bus tells. */
async function signedIn(t: TestContext, options: TestApiOptions = {}): Promise<SignedIn> {
  const api = await startTestApi(options);
  t.after(() => api.close());
  const person = { email: 'ada@example.org', password: 'correct horse' };
  await api.as()('POST', '/api/auth/register', { body: { ...person, name: 'Ada' } });
  const { body } = await api.as()('POST', '/api/auth/login', { body: { ...person, returnRefreshToken: true } });
  const { accessToken, refreshToken } = body;
  const sessionId = api.deps.tokens.verify('access', accessToken)!.sid;
  const revoked: string[] = [];
  await api.deps.bus.subscribe('session.revoked', (message) => void revoked.push(message.sessionId));
  return { api, refreshToken, accessToken, sessionId, revoked };
}

const refresh = (api: TestApi, refreshToken: string): Promise<Answer> =>
  api.as()('POST', '/api/auth/refresh', { body: { refreshToken } });

const refreshByCookie = (api: TestApi, token: string, headers: Record<string, string> = {}): Promise<Answer> =>
  api.as()('POST', '/api/auth/refresh', { headers: { ...withRefreshCookie(token), ...headers } });

const me = async (api: TestApi, accessToken: string): Promise<number> =>
  (await api.as()('GET', '/api/me', { headers: { authorization: `Bearer ${accessToken}` } })).status;

for (const engine of databaseEngines) {
  const on = { skip: engine.skip };

  test(`[ACC7] a refresh gives a fresh pair, the way it was asked (${engine.name})`, on, async (t) => {
    const { api, refreshToken, accessToken } = await signedIn(t, { engine });
    api.clock.advance(second);
    const inBody = await refresh(api, refreshToken);
    assert.equal(inBody.status, 200);
    assert.deepEqual(Object.keys(inBody.body), ['user', 'accessToken', 'expiresIn', 'refreshToken']);
    assert.notEqual(inBody.body.refreshToken, refreshToken);
    assert.notEqual(inBody.body.accessToken, accessToken);
    assert.equal(refreshCookie(inBody), undefined);
    assert.equal(await me(api, inBody.body.accessToken), 200);

    const byCookie = await refreshByCookie(api, inBody.body.refreshToken);
    assert.equal(byCookie.status, 200);
    assert.equal('refreshToken' in byCookie.body, false);
    assert.notEqual(refreshCookie(byCookie)!.value, inBody.body.refreshToken);
  });

  test(`[ACC8] racing tabs all stay signed in (${engine.name})`, on, async (t) => {
    const { api, refreshToken, revoked } = await signedIn(t, { engine });
    const answers = await Promise.all(Array.from({ length: 5 }, () => refresh(api, refreshToken)));
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 200, 200, 200, 200],
    );
    const fresh = new Set(answers.map(({ body }) => body.refreshToken));
    assert.equal(fresh.size, 5);
    api.clock.advance(20 * second);
    assert.equal((await refresh(api, refreshToken)).status, 200, 'the last moment of the grace');
    api.clock.advance(day);
    for (const token of fresh) assert.equal((await refresh(api, token)).status, 200);
    assert.deepEqual(revoked, []);
  });

  test(`[ACC9] a token that was spent earlier ends its session (${engine.name})`, on, async (t) => {
    const { api, refreshToken, sessionId, revoked } = await signedIn(t, { engine });
    const { body: newest } = await refresh(api, refreshToken);
    assert.equal(await me(api, newest.accessToken), 200);
    api.clock.advance(20 * second + 1);
    const reused = await refresh(api, refreshToken);
    assert.deepEqual([reused.status, reused.body.code], [401, 'refresh-reused']);
    assert.equal(await me(api, newest.accessToken), 401);
    assert.equal((await refresh(api, newest.refreshToken)).body.code, 'refresh-invalid');
    assert.equal((await refresh(api, refreshToken)).body.code, 'refresh-invalid');
    await waitFor(() => revoked.length > 0);
    assert.deepEqual(revoked, [sessionId]);
  });
}

test('[ACC9] the grace counts from the first use, not from the last', async (t) => {
  const { api, refreshToken } = await signedIn(t);
  await refresh(api, refreshToken);
  api.clock.advance(15 * second);
  assert.equal((await refresh(api, refreshToken)).status, 200);
  api.clock.advance(15 * second);
  assert.equal((await refresh(api, refreshToken)).body.code, 'refresh-reused');
});

test('[ACC10] a session ends 30 days after its last refresh', async (t) => {
  const { api, refreshToken } = await signedIn(t);
  api.clock.advance(29 * day);
  const { body } = await refresh(api, refreshToken);
  api.clock.advance(29 * day);
  const { body: later, status } = await refresh(api, body.refreshToken);
  assert.equal(status, 200);
  api.clock.advance(30 * day);
  assert.equal((await refresh(api, later.refreshToken)).body.code, 'refresh-invalid');
});

test('[ACC10] what is left of long-ended sessions goes with the next login', async (t) => {
  const { api } = await signedIn(t);
  const count = async () => (await api.deps.db.selectFrom('refresh_tokens').select('id').execute()).length;
  assert.equal(await count(), 2);
  api.clock.advance(61 * day);
  await api.as()('POST', '/api/auth/login', { body: { email: 'ada@example.org', password: 'correct horse' } });
  assert.equal(await count(), 1);
});

test('[ACC11] a foreign page can neither refresh nor log out', async (t) => {
  const { api, refreshToken, accessToken, revoked } = await signedIn(t);
  for (const origin of ['https://evil.example', 'null', 'http://localhost:3000.evil.example']) {
    for (const path of ['/api/auth/refresh', '/api/auth/logout', '/api/auth/logout-all']) {
      const byCookie = { ...withRefreshCookie(refreshToken), origin };
      for (const headers of [byCookie, { ...byCookie, authorization: `Bearer ${accessToken}` }]) {
        const answer = await api.as()('POST', path, { headers });
        assert.deepEqual([path, origin, answer.status, answer.body?.code], [path, origin, 403, 'origin-forbidden']);
        assert.equal(refreshCookie(answer), undefined);
      }
    }
  }
  assert.equal(await me(api, accessToken), 200);
  assert.equal((await refreshByCookie(api, refreshToken, { origin: 'http://localhost:3000' })).status, 200);
  assert.deepEqual(revoked, []);
});

test('[ACC24] a token that never was takes the cookie back', async (t) => {
  const { api } = await signedIn(t);
  for (const token of ['x', 'A'.repeat(43), "' or 1=1 --"]) {
    const answer = await refreshByCookie(api, encodeURIComponent(token));
    assert.deepEqual([answer.status, answer.body.code], [401, 'refresh-invalid']);
    const cookie = refreshCookie(answer)!;
    assert.deepEqual([cookie.value, cookie.maxAge, cookie.path], ['', 0, '/api/auth']);
    assert.equal((await refresh(api, token)).body.code, 'refresh-invalid');
  }
  const none = await api.as()('POST', '/api/auth/refresh');
  assert.deepEqual([none.status, none.body.code], [401, 'refresh-invalid']);
});

test('[ACC24] an access token is no refresh token', async (t) => {
  const { api, accessToken } = await signedIn(t);
  const answer = await refresh(api, accessToken.slice(0, 200));
  assert.equal(answer.body.code, 'refresh-invalid');
});

test('[ACC15] a database that is away does not take the cookie', async (t) => {
  const { api, refreshToken } = await signedIn(t);
  await api.deps.db.destroy();
  const answer = await refreshByCookie(api, refreshToken);
  assert.ok(answer.status >= 500, String(answer.status));
  assert.equal(refreshCookie(answer), undefined);
});
