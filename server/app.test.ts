import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import { after, test } from 'node:test';
import { startTestApi } from '../test/support/api.ts';
import { waitFor } from '../test/support/wait-for.ts';

const pageDir = await mkdtemp(path.join(tmpdir(), 'lectern-page-'));
await mkdir(path.join(pageDir, 'assets'));
await writeFile(path.join(pageDir, 'index.html'), '<!doctype html><title>the page</title>');
await writeFile(path.join(pageDir, 'icon.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>');
await writeFile(path.join(pageDir, 'assets', 'main-Ab12.js'), 'export {};');
await writeFile(path.join(pageDir, 'assets', 'main-Ab12.js.br'), brotliCompressSync('export {};'));

const origin = 'https://class.example.org';
const api = await startTestApi({
  pageDir,
  environment: { PUBLIC_URL: origin, ALLOWED_ORIGINS: `${origin},https://other.example.org`, TRUST_PROXY: '10.0.0.1' },
});
const anonymous = api.as();
const ada = await api.signUp();

after(async () => {
  await api.close();
  await rm(pageDir, { recursive: true });
});

test('[HTTP1] an error has all members of a problem and leads to its log line', async () => {
  const { status, headers, body } = await anonymous('GET', '/api/me');
  assert.equal(status, 401);
  assert.equal(headers.get('content-type'), 'application/problem+json; charset=utf-8');
  assert.equal(headers.get('www-authenticate'), 'Bearer');
  assert.deepEqual(body, {
    type: '/problems/not-authenticated',
    title: 'Sign in first',
    status: 401,
    detail: 'Send an access token as Authorization: Bearer.',
    instance: headers.get('x-request-id'),
    code: 'not-authenticated',
  });
  await waitFor(() => api.logged().includes(`"requestId":"${body.instance}"`));
});

test('[HTTP1] the request id is ours, whatever the client calls it', async () => {
  const { headers } = await anonymous('GET', '/api/me', { headers: { 'x-request-id': 'mine' } });
  assert.match(headers.get('x-request-id') ?? '', /^[0-9a-z]{26}$/);
});

test('[HTTP3] every route that needs a session answers 401 to anonymous requests before anything else', async () => {
  const { body: openApi } = await anonymous('GET', '/openapi.json');
  let asked = 0;
  for (const [pattern, operations] of Object.entries<Record<string, { security: unknown[] }>>(openApi.paths)) {
    for (const [method, { security }] of Object.entries(operations)) {
      if (security.length === 0) continue;
      const address = pattern.replaceAll(/\{\w+\}/g, 'no%20such%20name');
      const { status, body } = await anonymous(method.toUpperCase(), `${address}?limit=many`, {
        ...(method === 'get' ? {} : { body: '{"broken' }),
      });
      assert.deepEqual([status, body.code, method, pattern], [401, 'not-authenticated', method, pattern]);
      asked += 1;
    }
  }
  assert.ok(asked >= 2);
});

test('[HTTP7] a body nested a million levels deep is refused before it is parsed', async () => {
  const closed = (levels: number, inner = '') => '['.repeat(levels) + inner + ']'.repeat(levels);
  for (const body of ['['.repeat(1_000_000), closed(500_000), '{"a":'.repeat(200_000), closed(101)]) {
    const answer = await anonymous('POST', '/api/auth/login', { body });
    assert.deepEqual([answer.status, answer.body.code], [400, 'malformed-json']);
    assert.match(answer.body.detail, /100 levels/);
  }
  for (const body of [
    closed(100),
    closed(1, JSON.stringify(`"\\${'['.repeat(200)}`)),
    `{${'"a":[[]],'.repeat(200)}"b":1}`,
  ])
    assert.equal((await anonymous('POST', '/api/auth/login', { body })).body.code, 'validation-failed', body);
});

test('[HTTP8] a client that goes away in the middle of its body harms nobody', async () => {
  const { hostname, port } = new URL(api.url);
  const before = api.logged().length;
  const socket = connect(Number(port), hostname);
  socket.write(
    `POST /api/auth/login HTTP/1.1\r\nHost: ${hostname}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"email":`,
  );
  socket.once('connect', () => setImmediate(() => socket.end()));
  const line = await waitFor(() => /.*"path":"\/api\/auth\/login".*/.exec(api.logged().slice(before))?.[0]);
  assert.notEqual(JSON.parse(line).status, 500);
  socket.destroy();
  assert.equal((await api.as(ada)('GET', '/api/me')).status, 200);
});

test('[HTTP9] unknown addresses and methods', async () => {
  const unknown = await anonymous('GET', '/api/nothing');
  assert.deepEqual([unknown.status, unknown.body.code], [404, 'not-found']);
  const wrong = await api.as(ada)('DELETE', '/api/auth/login');
  assert.deepEqual([wrong.status, wrong.body.code], [405, 'method-not-allowed']);
  assert.equal(wrong.headers.get('allow'), 'POST, OPTIONS');
  const options = await anonymous('OPTIONS', '/api/me');
  assert.deepEqual([options.status, options.headers.get('allow')], [204, 'GET, PATCH, HEAD, OPTIONS']);
  const head = await api.as(ada)('HEAD', '/api/me');
  assert.deepEqual([head.status, head.body], [200, undefined]);
  assert.ok(Number(head.headers.get('content-length')) > 50);
});

test('[HTTP10] one line per request, without anything that could be a secret', async () => {
  const before = api.logged().length;
  const secret = 'correct-horse-battery';
  await anonymous('POST', `/api/auth/login?token=query-${secret}`, {
    body: { email: 'a@example.org', password: `pw-${secret}` },
    headers: { cookie: `refresh_token=cookie-${secret}`, 'user-agent': `agent-${secret}` },
  });
  await api.as(ada)('GET', `/api/me?access_token=${ada.accessToken}`);
  await anonymous('GET', `/nowhere/at/all?code=${secret}`);
  const lines = await waitFor(() => {
    const found = api.logged().slice(before).trim().split('\n');
    return found.length === 3 && found;
  });
  const [login, me, nowhere] = lines.map((line) => JSON.parse(line));
  assert.deepEqual([login.method, login.path, login.status], ['POST', '/api/auth/login', 401]);
  assert.deepEqual([me.path, me.status, me.userId], ['/api/me', 200, ada.id]);
  assert.deepEqual([nowhere.path, nowhere.status, nowhere.userId], ['/nowhere/at/all', 404, undefined]);
  for (const line of [login, me, nowhere]) {
    assert.equal(typeof line.ms, 'number');
    assert.match(line.requestId, /^[0-9a-z]{26}$/);
  }
  assert.equal(api.logged().includes(secret), false);
  assert.equal(api.logged().includes(ada.accessToken), false);
});

test('[HTTP11] a policy for the own page and nothing from elsewhere', async () => {
  const { headers } = await anonymous('GET', '/', { headers: { accept: 'text/html' } });
  const policy = Object.fromEntries(
    headers
      .get('content-security-policy')!
      .split(';')
      .map((directive) => [directive.split(' ')[0], directive.split(' ').slice(1).join(' ')]),
  );
  assert.deepEqual(policy, {
    'default-src': "'self'",
    'script-src': "'self'",
    'script-src-attr': "'none'",
    'style-src': "'self' 'unsafe-inline'",
    'font-src': "'self' data:",
    'img-src': "'self' data: blob:",
    'worker-src': "'self' blob:",
    'connect-src': `'self' wss://class.example.org wss://${new URL(api.url).host}`,
    'object-src': "'none'",
    'base-uri': "'self'",
    'form-action': "'self'",
    'frame-ancestors': "'none'",
  });
  assert.equal(headers.get('x-content-type-options'), 'nosniff');
  assert.equal(headers.get('strict-transport-security'), 'max-age=31536000');
  assert.equal(headers.get('referrer-policy'), 'no-referrer');
  assert.equal(headers.get('x-powered-by'), null);
});

test('[HTTP11] a Host header that is no host adds nothing to the policy', async () => {
  const { hostname, port } = new URL(api.url);
  const socket = connect(Number(port), hostname);
  let answer = '';
  socket.on('data', (chunk) => (answer += String(chunk)));
  socket.write("GET /api/me HTTP/1.1\r\nHost: evil.example 'unsafe-eval'; script-src *\r\nConnection: close\r\n\r\n");
  await new Promise((resolve) => socket.once('close', resolve));
  assert.match(answer, /^HTTP\/1\.1 401 /);
  assert.doesNotMatch(answer, /evil|unsafe-eval/);
});

test('[HTTP11] without https no header speaks of it', async (t) => {
  const plain = await startTestApi();
  t.after(() => plain.close());
  const { headers } = await plain.as()('GET', '/api/me');
  assert.equal(headers.get('strict-transport-security'), null);
  assert.equal(headers.get('cross-origin-opener-policy'), null);
  assert.match(headers.get('content-security-policy')!, /connect-src 'self' ws:\/\/localhost:3000 ws:\/\/127/);
});

test('[HTTP12] exactly the allowed origins may read answers and send cookies', async () => {
  for (const allowed of [origin, 'https://other.example.org']) {
    const { headers } = await anonymous('GET', '/api/me', { headers: { origin: allowed } });
    assert.equal(headers.get('access-control-allow-origin'), allowed);
    assert.equal(headers.get('access-control-allow-credentials'), 'true');
    assert.equal(headers.get('vary'), 'Origin');
  }
  const strangers = [
    'https://evil.example',
    'https://class.example.org.evil.example',
    'http://class.example.org',
    'null',
  ];
  for (const stranger of strangers) {
    for (const [method, extra] of [
      ['GET', {}],
      ['OPTIONS', { 'access-control-request-method': 'POST' }],
    ] as const) {
      const { headers } = await anonymous(method, '/api/me', { headers: { origin: stranger, ...extra } });
      const granted = [...headers.keys()].filter((name) => name.startsWith('access-control-'));
      assert.deepEqual([granted, stranger], [[], stranger]);
    }
  }
  const preflight = await anonymous('OPTIONS', '/api/classrooms', {
    headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' },
  });
  assert.equal(preflight.status, 204);
  assert.match(preflight.headers.get('access-control-allow-methods')!, /POST/);
  assert.match(preflight.headers.get('access-control-allow-headers')!, /Authorization, Content-Type/);
});

test('[HTTP14] caches keep nothing of the API', async () => {
  for (const user of [undefined, ada])
    assert.equal((await api.as(user)('GET', '/api/me')).headers.get('cache-control'), 'no-store');
});

test('[HTTP20] the page and its assets', async () => {
  const browser = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };
  for (const address of ['/', '/classrooms/01abc', '/login?error=x']) {
    const { status, headers, body } = await anonymous('GET', address, { headers: browser });
    assert.deepEqual([status, headers.get('cache-control'), address], [200, 'no-cache', address]);
    assert.match(body, /the page/);
  }
  const asset = await anonymous('GET', '/assets/main-Ab12.js');
  assert.deepEqual([asset.status, asset.headers.get('cache-control')], [200, 'public, max-age=31536000, immutable']);
  assert.match(asset.headers.get('content-type')!, /javascript/);
  const icon = await anonymous('GET', '/icon.svg');
  assert.deepEqual([icon.status, icon.headers.get('cache-control')], [200, 'no-cache']);
});

test('[HTTP20] a compressed file is taken where the build made one', async () => {
  const headers = { 'accept-encoding': 'gzip, br' };
  const asset = await fetch(`${api.url}/assets/main-Ab12.js`, { headers });
  assert.equal(asset.headers.get('content-encoding'), 'br');
  assert.match(asset.headers.get('vary')!, /Accept-Encoding/);
  assert.equal(await asset.text(), 'export {};');
  const plain = await fetch(`${api.url}/assets/main-Ab12.js`, { headers: { 'accept-encoding': 'identity' } });
  assert.equal(plain.headers.get('content-encoding'), null);
});

test('[HTTP20] what is not there is not the page', async () => {
  const browser = { accept: 'text/html' };
  for (const address of ['/api/nothing', '/api', '/assets/gone-1.js', '/assets/'])
    assert.deepEqual([(await anonymous('GET', address, { headers: browser })).status, address], [404, address]);
  assert.equal((await anonymous('GET', '/missing.png', { headers: { accept: 'image/*' } })).status, 404);
  assert.equal((await anonymous('POST', '/', { headers: browser })).status, 404);
});

test('[HTTP20] no file outside of the page can be had', async () => {
  for (const address of [
    '/..%2f..%2fetc%2fpasswd',
    '/%2e%2e/%2e%2e/etc/passwd',
    '/assets/..%2f..%2f..%2fetc%2fpasswd',
  ]) {
    const { body } = await anonymous('GET', address, { headers: { accept: 'text/html' } });
    assert.doesNotMatch(JSON.stringify(body), /root:/, address);
  }
});

test('[HTTP13] forwarded addresses of strangers count for nothing', async () => {
  const body = { email: 'taken@example.org', password: 'long enough', name: 'T' };
  assert.equal((await anonymous('POST', '/api/auth/register', { body })).status, 201);
  const spoofed = Array.from({ length: 299 }, (_, index) =>
    anonymous('POST', '/api/auth/register', { body, headers: { 'x-forwarded-for': `192.0.2.${index % 250}` } }),
  );
  for (const { status } of await Promise.all(spoofed)) assert.equal(status, 409);
  const refused = await anonymous('POST', '/api/auth/register', {
    body,
    headers: { 'x-forwarded-for': '192.0.2.251' },
  });
  assert.deepEqual([refused.status, refused.body.code], [429, 'too-many-requests']);
});

test('[HTTP13] the address that a trusted proxy forwards is the one that counts', async (t) => {
  const behindProxy = await startTestApi({ environment: { TRUST_PROXY: '127.0.0.1' } });
  t.after(() => behindProxy.close());
  const send = behindProxy.as();
  const body = { email: 'taken@example.org', password: 'long enough', name: 'T' };
  assert.equal((await send('POST', '/api/auth/register', { body })).status, 201);
  const from = (address: string) => ({ body, headers: { 'x-forwarded-for': address } });
  await Promise.all(Array.from({ length: 300 }, () => send('POST', '/api/auth/register', from('192.0.2.1'))));
  assert.equal((await send('POST', '/api/auth/register', from('192.0.2.1'))).status, 429);
  assert.equal((await send('POST', '/api/auth/register', from('192.0.2.2'))).status, 409);
});
