import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { startTestApi } from '../../test/support/api.ts';
import { databaseEngines } from '../../test/support/databases.ts';
import { createTokens } from '#platform/tokens.ts';

const api = await startTestApi();
after(() => api.close());

for (const engine of databaseEngines) {
  test(`[ACC20] the account, its name and its language (${engine.name})`, { skip: engine.skip }, async (t) => {
    const here = await startTestApi({ engine });
    t.after(() => here.close());
    const ada = await here.signUp('Ada');
    const send = here.as(ada);
    const before = (await send('GET', '/api/me')).body;
    assert.deepEqual([before.id, before.name, before.locale], [ada.id, 'Ada', 'en']);
    const changed = await send('PATCH', '/api/me', { body: { name: '  에이다 🙂 ', locale: 'ko-KR' } });
    assert.deepEqual(changed.body, { ...before, name: '에이다 🙂', locale: 'ko-KR' });
    assert.deepEqual((await send('PATCH', '/api/me', { body: {} })).body, changed.body);
    assert.deepEqual((await send('GET', '/api/me')).body, changed.body);
  });
}

test('[ACC21] what cannot be changed, or not to that, is refused and changes nothing', async () => {
  const send = api.as(await api.signUp());
  const before = (await send('GET', '/api/me')).body;
  const wrong: [unknown, string][] = [
    [{ email: 'other@example.org' }, ''],
    [{ name: 'Eve', isAdmin: true }, ''],
    [{ name: 'Eve', id: 'x' }, ''],
    [{ name: '' }, 'name'],
    [{ name: null }, 'name'],
    [{ name: 'x'.repeat(81) }, 'name'],
    [{ name: 'a\nb' }, 'name'],
    [{ locale: 'not a language' }, 'locale'],
    [{ locale: 5 }, 'locale'],
    [{ locale: `en${'-aaaaaaaa'.repeat(9)}` }, 'locale'],
    ['null', ''],
  ];
  for (const [body, field] of wrong) {
    const answer = await send('PATCH', '/api/me', { body });
    assert.deepEqual([body, answer.status, answer.body.errors?.[0]?.path], [body, 400, field]);
  }
  assert.deepEqual((await send('GET', '/api/me')).body, before);
});

test('[ACC22] only a valid access token in the header counts', async () => {
  const ada = await api.signUp();
  const eve = await api.signUp('Eve');
  const { tokens, clock, config } = api.deps;
  const sub = ada.id;
  const sid = ada.sessionId;
  const foreign = createTokens({ secret: 'another secret of the tests, long', issuer: config.http.publicUrl, clock });
  const [header, payload, signature] = ada.accessToken.split('.') as [string, string, string];
  const none = Buffer.from('{"alg":"none","typ":"access"}').toString('base64url');
  const refused: Record<string, string> = {
    'no token': '',
    'another scheme': `Basic ${ada.accessToken}`,
    'two tokens': `Bearer ${ada.accessToken} ${ada.accessToken}`,
    'a collab token': `Bearer ${tokens.sign('collab', { sub, sid, cls: 'c' }).token}`,
    'another secret': `Bearer ${foreign.sign('access', { sub, sid }).token}`,
    'no signature': `Bearer ${none}.${payload}.`,
    'a cut signature': `Bearer ${header}.${payload}.${signature.slice(0, -2)}`,
    'a session that is not': `Bearer ${tokens.sign('access', { sub, sid: 'none' }).token}`,
    "another's session": `Bearer ${tokens.sign('access', { sub: eve.id, sid }).token}`,
  };
  for (const [what, authorization] of Object.entries(refused)) {
    const { status, body } = await api.as()('GET', '/api/me', {
      headers: authorization === '' ? {} : { authorization },
    });
    assert.deepEqual([what, status, body.code], [what, 401, 'not-authenticated']);
  }
  for (const name of ['token', 'access_token', 'authorization'])
    assert.equal((await api.as()('GET', `/api/me?${name}=${ada.accessToken}`)).status, 401, name);
  const cased = await api.as()('GET', '/api/me', { headers: { authorization: `bearer ${ada.accessToken}` } });
  assert.equal(cased.status, 200);
});

test('[ACC22] an access token ends after 15 minutes', async (t) => {
  const here = await startTestApi();
  t.after(() => here.close());
  const ada = await here.signUp();
  here.clock.advance(15 * 60_000 - 1_000);
  assert.equal((await here.as(ada)('GET', '/api/me')).status, 200);
  here.clock.advance(1_000);
  assert.equal((await here.as(ada)('GET', '/api/me')).status, 401);
});

test('[ACC15] while the database is away a token is neither good nor bad', async (t) => {
  const here = await startTestApi();
  t.after(() => here.close());
  const ada = await here.signUp();
  await here.deps.db.destroy();
  const { status, body } = await here.as(ada)('GET', '/api/me');
  assert.deepEqual([status, body.code], [503, 'unavailable']);
});
