import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import test, { type TestContext } from 'node:test';
import { waitFor } from '../test/support/wait-for.ts';
import { createLog } from './log.ts';
import { createMetrics } from './metrics.ts';
import { type Check, createOperations, type OperationsOptions } from './operations.ts';

const outsideAddress = Object.values(networkInterfaces())
  .flat()
  .find((address) => address?.family === 'IPv4' && !address.internal)?.address;

/** A listening server of which only the operations answer; whatever they leave is 418. */
async function serve(t: TestContext, options: Partial<OperationsOptions> = {}, host = '127.0.0.1') {
  const operations = createOperations({
    log: createLog({ level: 'silent' }),
    metrics: createMetrics(),
    metricsToken: undefined,
    version: '1.2.3',
    embedded: false,
    checks: () => Promise.resolve([]),
    state: () => 'ready',
    ...options,
  });
  const server = createServer((request, response) => {
    if (!operations(request, response)) response.writeHead(418).end();
  });
  server.listen(0, host);
  await once(server, 'listening');
  t.after(() => server.close().closeAllConnections());
  const { port } = server.address() as AddressInfo;
  return (path: string, init?: RequestInit) => fetch(`http://${host}:${port}${path}`, init);
}

const healthy: Check = { name: 'database', ok: true, required: true };
const dead: Check = { name: 'database', ok: false, required: true, detail: 'refused' };
const limping: Check = { name: 'redis', ok: false, required: false, detail: 'away' };

test('[OPS1] /healthz is 200 in every state of the process', async (t) => {
  for (const state of ['starting', 'ready', 'draining'] as const) {
    const get = await serve(t, { state: () => state, checks: () => Promise.resolve([dead]) });
    const response = await get('/healthz');
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('cache-control'), 'no-store');
    assert.deepEqual(await response.json(), { status: 'ok' });
  }
});

test('[OPS2] /readyz is 200 with the checks while the process can serve, even degraded', async (t) => {
  let checks = [healthy];
  const get = await serve(t, { checks: () => Promise.resolve(checks) });
  const ready = await get('/readyz?verbose');
  assert.deepEqual([ready.status, await ready.json()], [200, { status: 'ready', checks: [healthy] }]);
  checks = [healthy, limping];
  const degraded = await get('/readyz');
  assert.deepEqual([degraded.status, await degraded.json()], [200, { status: 'degraded', checks: [healthy, limping] }]);
});

test('[OPS3] /readyz is 503 while starting, draining, or when something required fails', async (t) => {
  const cases: [Partial<OperationsOptions>, unknown][] = [
    [{ state: () => 'starting' }, { status: 'starting', checks: [] }],
    [
      { state: () => 'draining', checks: () => Promise.resolve([healthy]) },
      { status: 'draining', checks: [healthy] },
    ],
    [{ checks: () => Promise.resolve([limping, dead]) }, { status: 'unable', checks: [limping, dead] }],
  ];
  for (const [options, body] of cases) {
    const response = await (await serve(t, options))('/readyz');
    assert.deepEqual([response.status, await response.json()], [503, body]);
  }
});

test('[OPS3] /readyz is 503 when the checks throw or hang, and does not say why to strangers', async (t) => {
  const asked = [
    () => Promise.reject(new Error('mysql://root:hunter2@db refused')),
    () => new Promise<Check[]>(() => {}),
  ];
  for (const checks of asked) {
    const response = await (await serve(t, { checks }))('/readyz');
    const text = await response.text();
    assert.equal(response.status, 503);
    assert.ok(!text.includes('hunter2'), text);
    assert.equal(JSON.parse(text).checks[0].ok, false);
  }
});

test('[OPS4] readiness requests that come together ask the checks once', async (t) => {
  const answer = Promise.withResolvers<Check[]>();
  let [arrived, asked] = [0, 0];
  const get = await serve(t, {
    checks: () => {
      asked += 1;
      return answer.promise;
    },
    state: () => {
      arrived += 1;
      return 'ready';
    },
  });
  const waiting = [get('/readyz'), get('/readyz'), get('/readyz')];
  await waitFor(() => arrived === waiting.length);
  answer.resolve([healthy]);
  for (const response of await Promise.all(waiting)) assert.equal(response.status, 200);
  assert.equal(asked, 1);
  await get('/readyz');
  assert.equal(asked, 2);
});

test('[OPS5] /version tells name, version, embedded, and the demo only when there is one', async (t) => {
  const demo = { joinCode: 'DEMO', password: 'p', logins: ['a@b.c'] };
  const shown = await (await serve(t, { embedded: true, demo }))('/version');
  assert.deepEqual(await shown.json(), { name: 'lectern', version: '1.2.3', embedded: true, demo });
  const hidden = await (await serve(t))('/version');
  assert.deepEqual(await hidden.json(), { name: 'lectern', version: '1.2.3', embedded: false });
});

test('[OPS6] without METRICS_TOKEN /metrics answers this machine, and nobody who comes through a proxy', async (t) => {
  const get = await serve(t);
  const response = await get('/metrics');
  assert.equal(response.status, 200);
  assert.match(response.headers.get('content-type')!, /^text\/plain; version=0\.0\.4/);
  assert.match(await response.text(), /^lectern_process_cpu_seconds_total /m);
  const forwardings: Record<string, string>[] = [{ 'X-Forwarded-For': '127.0.0.1' }, { Forwarded: 'for=127.0.0.1' }];
  for (const headers of forwardings) {
    const refused = await get('/metrics', { headers });
    assert.equal(refused.status, 403);
    assert.equal(refused.headers.get('content-type'), 'application/problem+json');
    const problem = (await refused.json()) as Record<string, unknown>;
    assert.equal(problem.code, 'forbidden');
    assert.equal(problem.type, '/problems/forbidden');
  }
});

test(
  '[OPS6] without METRICS_TOKEN /metrics refuses a socket that is not of the loopback, whatever it claims',
  { skip: outsideAddress === undefined && 'this machine has no address but the loopback' },
  async (t) => {
    const get = await serve(t, {}, outsideAddress);
    assert.equal((await get('/metrics')).status, 403);
    assert.equal((await get('/metrics', { headers: { 'X-Real-IP': '127.0.0.1' } })).status, 403);
    assert.equal((await get('/healthz')).status, 200);
  },
);

test('[OPS7] with METRICS_TOKEN /metrics answers exactly its bearer', async (t) => {
  const get = await serve(t, { metricsToken: 'a-metrics-token-of-32-characters' });
  const scrape = (authorization?: string) => get('/metrics', { headers: authorization ? { authorization } : {} });
  assert.equal((await scrape('Bearer a-metrics-token-of-32-characters')).status, 200);
  for (const wrong of [undefined, 'Bearer ', 'Bearer a-metrics-token', 'a-metrics-token-of-32-characters']) {
    const refused = await scrape(wrong);
    assert.equal(refused.status, 401);
    assert.equal(refused.headers.get('www-authenticate'), 'Bearer');
    assert.ok(!(await refused.text()).includes('a-metrics-token'));
  }
});

test('[OPS8] any method but GET and HEAD is 405 and says which are allowed', async (t) => {
  const get = await serve(t);
  for (const path of ['/healthz', '/readyz', '/version', '/metrics']) {
    const refused = await get(path, { method: 'POST', body: '{}' });
    assert.equal(refused.status, 405);
    assert.equal(refused.headers.get('allow'), 'GET, HEAD');
    assert.equal(((await refused.json()) as { code: string }).code, 'method-not-allowed');
    const head = await get(path, { method: 'HEAD' });
    assert.deepEqual([head.status, await head.text()], [200, '']);
  }
});

test('[OPS9] every other path is left to the rest of the process', async (t) => {
  const get = await serve(t);
  for (const path of ['/', '/healthz/', '/Healthz', '/constructor', '/api/healthz']) {
    assert.equal((await get(path)).status, 418, path);
  }
});
