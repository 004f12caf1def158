import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Writable } from 'node:stream';
import { after, test } from 'node:test';
import express from 'express';
import { z } from 'zod';
import { AppError } from '#contract/errors.ts';
import { createNewId } from '#platform/ids.ts';
import { createLog } from '#platform/log.ts';
import { mountRoutes } from './mount.ts';
import { nothingHere, problemHandler } from './problem.ts';
import { assignRequestId } from './request-id.ts';
import { media, route, streamed } from './route.ts';

const thing = z.object({ id: z.string(), size: z.number() });

const routes = [
  route({
    method: 'put',
    path: '/things/:id',
    tag: 'Things',
    summary: 'Change a thing',
    access: 'session',
    authorize: ({ params, session }) => {
      if (params.id === 'foreign') throw new AppError('not-found', 'There is no such thing.');
      if (params.id === 'locked') throw new AppError('forbidden', 'Only its owner may change it.');
      return { owner: session.userId };
    },
    query: z.strictObject({ dry: z.enum(['yes', 'no']).optional() }),
    body: z.strictObject({ size: z.number().max(9), tags: z.array(z.string()).optional() }),
    bodyBytes: 200,
    response: { 200: thing },
    errors: ['forbidden'],
    handler: async ({ params, body, subject }) => ({
      body: { id: `${params.id} of ${subject.owner}`, size: body.size },
    }),
  }),
  route({
    method: 'get',
    path: '/things/:id',
    tag: 'Things',
    summary: 'Read a thing',
    access: 'public',
    response: { 200: thing, 204: null, 206: media('text/csv', 'As a table.') },
    handler: async ({ params, res }) => {
      switch (params.id) {
        case 'empty':
          return { status: 204 };
        case 'table':
          return { status: 206, body: 'id,size\n', headers: { 'X-Rows': '0' } };
        case 'stream':
          res.end('written by hand');
          return streamed;
        case 'broken':
          throw new TypeError('secret detail of a defect');
        case 'undeclared':
          throw new AppError('classroom-full', 'No seat.');
        case 'later':
          throw new AppError('unavailable', 'Wait.', { retryAfterSeconds: 1.2 });
        case 'wrong':
          return { body: { id: 'x', size: 'large' as unknown as number } };
        case 'talkative':
          return { body: { id: 'x', size: 1, passwordHash: 'abc' } as z.output<typeof thing> };
        default:
          return { body: { id: params.id, size: 1 } };
      }
    },
  }),
];

let logged = '';
const log = createLog({
  level: 'info',
  destination: new Writable({
    write(chunk, _encoding, done) {
      logged += String(chunk);
      done();
    },
  }),
});

async function serve(checkResponses: boolean): Promise<string> {
  const app = express();
  app.use(assignRequestId({ newId: createNewId(Date.now) }));
  const authenticate = async (req: express.Request) => {
    if (req.headers.authorization !== 'Bearer ada') throw new AppError('not-authenticated', 'Sign in.');
    return { userId: 'ada', sessionId: 's' };
  };
  mountRoutes(app, routes, { authenticate, checkResponses });
  app.use(nothingHere);
  app.use(problemHandler({ log }));
  const server = createServer(app).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const url = await serve(true);
const uncheckedUrl = await serve(false);

const ada = { authorization: 'Bearer ada', 'content-type': 'application/json' };

type Body = { code?: string; errors: { path: string; message: string }[] };

async function put(path: string, body: string | Buffer | ReadableStream | undefined, headers: Record<string, string>) {
  const init = { method: 'PUT', headers, body: body ?? null, duplex: 'half' };
  const response = await fetch(url + path, init as RequestInit);
  return { status: response.status, body: (await response.json()) as Body };
}

test('[HTTP3] who, then whether they may, then what they want', async () => {
  const junk = 'not even JSON';
  assert.equal((await put('/things/foreign?dry=maybe', junk, {})).body.code, 'not-authenticated');
  assert.equal((await put('/things/no%20id', junk, {})).body.code, 'not-authenticated');
  assert.equal((await put('/things/foreign?dry=maybe', junk, ada)).body.code, 'not-found');
  assert.equal((await put('/things/locked?dry=maybe', junk, ada)).body.code, 'forbidden');
  assert.equal((await put('/things/mine?dry=maybe', junk, ada)).body.code, 'validation-failed');
  assert.equal((await put('/things/mine', junk, ada)).body.code, 'malformed-json');
  const good = await put('/things/mine?dry=yes', '{"size":3}', ada);
  assert.deepEqual<unknown>(good, { status: 200, body: { id: 'mine of ada', size: 3 } });
});

test('[HTTP4] what cannot be a name of anything is not found', async () => {
  for (const id of ['no%20id', 'x'.repeat(65), '%E0%A4%A', '%00', '..%2F..'])
    assert.deepEqual([(await put(`/things/${id}`, '{"size":1}', ada)).status, id], [404, id]);
});

test('[HTTP5] wrong fields are listed with path and message', async () => {
  const { status, body } = await put('/things/mine', '{"size":"big","tags":["a",5],"extra":1}', ada);
  assert.equal(status, 400);
  assert.equal(body.code, 'validation-failed');
  assert.deepEqual(
    body.errors.map((error) => error.path),
    ['size', 'tags.1', ''],
  );
  assert.match(body.errors[0]!.message, /number/);
  assert.match(body.errors[2]!.message, /extra/);
  const repeated = await put('/things/mine?dry=yes&dry=no', '{"size":1}', ada);
  assert.equal(repeated.body.errors[0]!.path, 'dry');
});

test('[HTTP5] prototype keys are unknown fields', async () => {
  for (const key of ['__proto__', 'constructor', 'prototype']) {
    const { status, body } = await put('/things/mine', `{"size":1,"${key}":{"isAdmin":true}}`, ada);
    assert.deepEqual([status, body.code, key], [400, 'validation-failed', key]);
  }
  assert.equal((await put('/things/mine?__proto__=1', '{"size":1}', ada)).status, 400);
  assert.equal(({} as Record<string, unknown>).isAdmin, undefined);
});

test('[HTTP6] only JSON in UTF-8 without compression is read', async () => {
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/json; charset=latin1', ''])
    assert.equal((await put('/things/mine', '{"size":1}', { ...ada, 'content-type': type })).status, 415, type);
  assert.equal((await put('/things/mine', '{"size":1}', { ...ada, 'content-encoding': 'gzip' })).status, 415);
  const withCharset = { ...ada, 'content-type': 'Application/JSON; charset="UTF-8"' };
  assert.equal((await put('/things/mine', '{"size":1}', withCharset)).status, 200);
});

test('[HTTP6] a body that is not well-formed is refused', async () => {
  for (const body of ['{"size":1', '{"size":1}x', '{"size":NaN}', '{"size":1,"tags":["\\ud800"]}', '\u0000'])
    assert.deepEqual([(await put('/things/mine', body, ada)).body.code, body], ['malformed-json', body]);
  const latin1 = Buffer.from('{"size":1,"tags":["\xe9"]}', 'latin1');
  assert.equal((await put('/things/mine', latin1, ada)).body.code, 'malformed-json');
  // An escaped backslash before `ud800` is text about surrogates, not one.
  for (const text of ['\\\\ud800', '\\ud83d\\ude42', '\\\\\\\\udc00'])
    assert.equal((await put('/things/mine', `{"size":1,"tags":["${text}"]}`, ada)).status, 200, text);
});

test('[HTTP6] a missing body is a body of the wrong shape', async () => {
  const { status, body } = await put('/things/mine', undefined, ada);
  assert.deepEqual([status, body.code, body.errors[0]!.path], [400, 'validation-failed', '']);
});

test('[HTTP6] a body beyond the limit of its route is refused, announced or not', async () => {
  const exact = `{"size":1${' '.repeat(190)}}`;
  assert.equal(exact.length, 200);
  assert.equal((await put('/things/mine', exact, ada)).status, 200);
  assert.equal((await put('/things/mine', `${exact} `, ada)).body.code, 'payload-too-large');
  const unannounced = new Blob([exact, ' '.repeat(1_000_000)]).stream();
  assert.equal((await put('/things/mine', unannounced, ada)).body.code, 'payload-too-large');
});

test('[HTTP6] an announced body that is too large is refused before it comes', async () => {
  const announced = request(`${url}/things/mine`, { method: 'PUT', headers: { ...ada, 'content-length': 1e9 } });
  announced.flushHeaders();
  const [response] = await once(announced, 'response');
  assert.equal(response.statusCode, 413);
  announced.destroy();
});

test('[HTTP2] a defect is told in general words and logged once', async () => {
  const before = logged.length;
  const response = await fetch(`${url}/things/broken`);
  const text = await response.text();
  assert.equal(response.status, 500);
  assert.equal(JSON.parse(text).code, 'internal-error');
  assert.doesNotMatch(text, /secret|TypeError|\.ts/);
  const lines = logged
    .slice(before)
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.equal(lines.length, 1);
  assert.equal(lines[0].requestId, response.headers.get('x-request-id'));
  assert.equal(lines[0].error.message, 'secret detail of a defect');
  assert.match(lines[0].error.stack, /route\.test\.ts/);
});

test('[HTTP15] an error that knows when to try again says so, in whole seconds', async () => {
  const response = await fetch(`${url}/things/later`);
  assert.deepEqual([response.status, response.headers.get('retry-after')], [503, '2']);
});

test('[HTTP23] answers without a body, in another type, and written by hand', async () => {
  assert.equal((await fetch(`${url}/things/empty`)).status, 204);
  const table = await fetch(`${url}/things/table`);
  assert.deepEqual(
    [table.status, table.headers.get('content-type'), table.headers.get('x-rows'), await table.text()],
    [206, 'text/csv; charset=utf-8', '0', 'id,size\n'],
  );
  assert.equal(await (await fetch(`${url}/things/stream`)).text(), 'written by hand');
});

test('[HTTP19] what a route does not declare is a 500 when checked', async () => {
  for (const id of ['undeclared', 'wrong', 'talkative'])
    assert.equal((await fetch(`${url}/things/${id}`)).status, 500, id);
  assert.equal((await fetch(`${uncheckedUrl}/things/undeclared`)).status, 409);
  assert.equal((await fetch(`${uncheckedUrl}/things/wrong`)).status, 200);
});
