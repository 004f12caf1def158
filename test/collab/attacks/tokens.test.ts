import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import type { Session } from '#contract/api/accounts.ts';
import { createTokens } from '#platform/tokens.ts';
import { destroyClients, hocuspocusClient, yWebsocketClient } from '../../support/clients.ts';
import { startTestCollab, type TestCollab } from '../../support/collab.ts';
import { call, startLesson } from '../../support/lesson.ts';
import { startProgram } from '../../support/program.ts';
import { waitFor } from '../../support/wait-for.ts';
import { authToken, update } from './frames.ts';
import { attackLesson } from './lesson.ts';
import { dropRawSockets, joinRaw, openRaw, rawUrl } from './raw-socket.ts';

let lectern: TestCollab;
before(async () => {
  lectern = await startTestCollab();
});
afterEach(() => {
  dropRawSockets();
  destroyClients();
});
after(async () => {
  await lectern.close();
});

const hour = 3_600_000;

/** How a token fares on both endpoints: the number of the close, and the reason of the refusal. */
async function fate(wsUrl: string, name: string, token: string): Promise<[number, string]> {
  const socket = await openRaw(rawUrl(wsUrl, name, encodeURIComponent(token)));
  const code = await socket.closing();
  assert.deepEqual(socket.heard, []);
  const other = await openRaw(`${wsUrl}/hocuspocus`, { hocuspocus: { name, token } });
  other.send(authToken(token));
  const refusal = await waitFor(() => other.heard.find((said) => said.type === 'refused'), { what: 'a refusal' });
  assert.deepEqual(other.heard.length, 1);
  return [code, refusal.type === 'refused' ? refusal.reason : ''];
}

test('[SAFE18] A4: an expired token, one of another classroom, and one that is none are refused', async () => {
  const lesson = await attackLesson(lectern);
  const other = await attackLesson(lectern);
  const { id: sub, sessionId: sid } = lesson.teacher;
  const secret = 'a secret that is only for this test';
  const past = { now: () => Date.now() - 13 * hour };
  const claims = { sub, sid, cls: lesson.id };
  const sign = (options: Partial<Parameters<typeof createTokens>[0]>) =>
    createTokens({ secret, issuer: 'test', clock: { now: Date.now }, ...options });
  const good = lesson.token(lesson.teacher);
  const [head, body, signature] = good.split('.') as [string, string, string];
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claimed = JSON.parse(Buffer.from(body, 'base64url').toString()) as Record<string, unknown>;
  const refused: [what: string, token: string][] = [
    ['expired', sign({ clock: past }).sign('collab', claims).token],
    ['another secret', sign({ secret: 'x'.repeat(32) }).sign('collab', claims).token],
    ['another issuer', sign({ issuer: 'elsewhere' }).sign('collab', claims).token],
    ['an access token', lectern.tokens.sign('access', { sub, sid }).token],
    ['no algorithm', `${encode({ alg: 'none', typ: 'collab' })}.${body}.`],
    ['another classroom written in', `${head}.${encode({ ...claimed, cls: other.id })}.${signature}`],
    ['longer validity written in', `${head}.${encode({ ...claimed, exp: 9_999_999_999 })}.${signature}`],
    ['no signature', `${head}.${body}.`],
    ['nothing', ''],
    ['text', 'let me in'],
    ['8 kB', 'x'.repeat(8_192)],
  ];
  for (const [what, token] of refused)
    assert.deepEqual(await fate(lectern.wsUrl, lesson.main, token), [4401, '4401'], what);
  assert.deepEqual(await fate(lectern.wsUrl, other.main, good), [4403, '4403']);
  assert.deepEqual(await fate(lectern.wsUrl, lesson.main, other.token(other.teacher)), [4403, '4403']);
});

test('[SAFE18] A4: a page of another origin gets no socket, whatever its token', async () => {
  const lesson = await attackLesson(lectern);
  const url = rawUrl(lectern.wsUrl, lesson.main, lesson.token(lesson.teacher));
  for (const origin of [
    'https://evil.example',
    'null',
    'http://localhost.evil.example',
    'http://localhost:0.evil.example',
    'file://',
    '',
  ]) {
    await assert.rejects(openRaw(url, { headers: { origin } }), /403/, origin);
    await assert.rejects(openRaw(`${lectern.wsUrl}/hocuspocus`, { headers: { origin } }), /403/, origin);
  }
});

test('[SAFE18] A4: the token of an ended session is refused, and a living one may be used as often as one likes', async () => {
  const lesson = await attackLesson(lectern);
  const token = lesson.token(lesson.student);
  const together = await Promise.all(
    Array.from({ length: 100 }, (_, index) =>
      joinRaw(lectern.wsUrl, lesson.main, token, { hocuspocus: index % 2 === 1 }),
    ),
  );
  assert.ok(together.every(({ closed }) => closed === undefined));
  for (const { ws } of together) ws.terminate();
  const again = await joinRaw(lectern.wsUrl, lesson.main, token);
  assert.equal(again.closed, undefined);
  await lesson.logOut(lesson.student);
  assert.equal(await again.closing(1_500), 4401);
  assert.deepEqual(await fate(lectern.wsUrl, lesson.main, token), [4401, '4401']);
  await lectern.db.updateTable('sessions').set({ expires_at: 1 }).where('id', '=', lesson.honest.sessionId).execute();
  assert.deepEqual(await fate(lectern.wsUrl, lesson.main, lesson.token(lesson.honest)), [4401, '4401']);
});

/** The program takes its time to start on a machine that is busy with other tests. */
const withStart = { timeout: 150_000 };

/** Every file below a folder, as Latin-1, so that no byte is lost. */
function contents(folder: string): [string, string][] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => path.join(folder, name))
    .filter((file) => statSync(file).isFile())
    .map((file) => [file, readFileSync(file, 'latin1')]);
}

test(
  '[SAFE19] A5: an access token opens no socket, and no token is in a log, a metric, an error or a file',
  withStart,
  async (t) => {
    const program = await startProgram({ env: { LOG_LEVEL: 'trace' } });
    t.after(() => program.destroy());
    const { url, wsUrl } = program;
    const lesson = await startLesson(url, 'free');
    const body = { email: `${crypto.randomUUID()}@example.org`, password: 'correct horse battery', name: 'Ada' };
    await call(url, 'POST', '/api/auth/register', { body, status: 201 });
    const login = { email: body.email, password: body.password, returnRefreshToken: true };
    const session = await call<Session & { refreshToken: string }>(url, 'POST', '/api/auth/login', { body: login });
    const { token } = await lesson.collabToken(lesson.teacher);
    const secrets = [token, lesson.teacher.token, lesson.student.token, session.accessToken, session.refreshToken];
    const answers: string[] = [];
    const ask = async (where: string, init: RequestInit = {}) => {
      const response = await fetch(url + where, init);
      answers.push(where.split('?')[0]!, JSON.stringify([...response.headers]), await response.text());
      return response;
    };

    assert.deepEqual(await fate(wsUrl, lesson.main, lesson.teacher.token), [4401, '4401']);
    assert.deepEqual(await fate(wsUrl, lesson.main, session.refreshToken), [4401, '4401']);
    for (const secret of secrets) {
      const bearer = { headers: { authorization: `Bearer ${secret}` } };
      await ask(`/api/classrooms/${lesson.classroom.id}`, bearer);
      await ask('/api/nowhere', bearer);
      await ask(`/collab/${lesson.main}`, bearer);
      await ask(`/metrics`, bearer);
      await ask('/api/auth/refresh', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ refreshToken: `${secret}x` }),
      });
    }
    // Whoever puts a token into a URL where none belongs finds nothing of it in the answer but the path he sent.
    const sockets = await Promise.all([
      joinRaw(wsUrl, lesson.main, token),
      joinRaw(wsUrl, lesson.main, token, { hocuspocus: true }),
    ]);
    for (const socket of sockets) {
      socket.send(update(Uint8Array.of(1, 2, 3)));
      assert.equal(await socket.closing(), 1008);
    }
    const a = yWebsocketClient(wsUrl, lesson.main, token);
    const b = hocuspocusClient(wsUrl, lesson.main, token);
    await Promise.all([a.synced(), b.synced()]);
    a.text.insert(0, 'text');
    await waitFor(() => b.text.toJSON() === 'text' && !b.provider.hasUnsyncedChanges);
    // A stock Hocuspocus client that is destroyed between two attempts goes on trying for ever.
    b.destroy();
    await call(url, 'POST', '/api/auth/logout', { token: lesson.teacher.token, status: 204 });
    await waitFor(() => a.closes.includes(4401), { what: 'the socket to be closed' });
    const metrics = await ask('/metrics');
    assert.equal(metrics.status, 200);
    destroyClients();
    await program.stop();

    const places: [string, string][] = [
      ['the log', program.output()],
      ['the answers', answers.join('\n')],
      ...contents(program.dataDir),
    ];
    assert.ok(
      program.output().includes('"level":20') || program.output().includes('"level":10'),
      'the log is a full one',
    );
    for (const secret of secrets) {
      // Also a part of it would be too much: of a JWT the signature, else the whole.
      const needle = secret.split('.').at(-1)!;
      assert.ok(needle.length >= 20);
      for (const [where, text] of places) assert.ok(!text.includes(needle), `a token is in ${where}`);
    }
  },
);
