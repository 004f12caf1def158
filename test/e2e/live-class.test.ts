import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DocumentFiles } from '#contract/api/documents.ts';
import type { Run } from '#contract/api/runs.ts';
import { converged, destroyClients, hocuspocusClient, yWebsocketClient, type StockClient } from '../support/clients.ts';
import { installations } from '../support/installations.ts';
import { call, startLesson, type Lesson } from '../support/lesson.ts';
import { freePort, startProgram } from '../support/program.ts';
import { waitFor } from '../support/wait-for.ts';

function serverState(client: StockClient) {
  return [...client.awareness.getStates().values()].find((state) => state.kind === 'server');
}

async function textOnServer(lesson: Lesson, url: string, text: string): Promise<void> {
  const path = `/api/classrooms/${lesson.classroom.id}/documents/${encodeURIComponent(lesson.main)}`;
  await waitFor(
    async () => {
      const { files } = await call<DocumentFiles>(url, 'GET', path, { token: lesson.teacher.token });
      return files[0]!.text === text;
    },
    { what: 'the text to reach the server' },
  );
}

for (const installation of installations) {
  test(`a live class on ${installation.name}`, { skip: installation.skip, timeout: 180_000 }, async (t) => {
    const { env, drop } = await installation.prepare();
    const port = await freePort();
    const environment = { ...env, PUBLIC_URL: `http://localhost:${port}` };
    const program = await startProgram({ port, env: environment });
    t.after(async () => {
      destroyClients();
      await program.destroy();
      await drop();
    });
    t.afterEach(destroyClients);
    const { url, wsUrl } = program;

    await t.test('[LIVE1] three stock clients converge; a reader changes nothing', async () => {
      const lesson = await startLesson(url, 'free');
      const [teacher, student] = await Promise.all([
        lesson.collabToken(lesson.teacher),
        lesson.collabToken(lesson.student),
      ]);
      assert.equal(teacher.url, `${wsUrl}/collab`);
      const a = yWebsocketClient(wsUrl, lesson.main, teacher.token);
      const b = yWebsocketClient(wsUrl, lesson.main, student.token);
      const c = hocuspocusClient(wsUrl, lesson.main, student.token);
      await Promise.all([a.synced(), b.synced(), c.synced()]);
      a.text.insert(0, '안녕 ');
      b.text.insert(0, '👋 ');
      c.text.insert(0, 'code ');
      await converged([a, b, c], (text) => text.includes('안녕') && text.includes('👋') && text.includes('code'));
      a.awareness.setLocalState({ cursor: 1, user: { name: 'Not Kim' } });
      await waitFor(() =>
        [b, c].every((client) => client.awareness.getStates().get(a.awareness.clientID) !== undefined),
      );
      const seen = c.awareness.getStates().get(a.awareness.clientID)!.user as { name: string };
      assert.equal(seen.name, 'Kim 선생님');

      await lesson.setMode('lecture');
      await waitFor(() => b.closes.includes(4205) && serverState(a)?.mode === 'lecture');
      await b.synced();
      const before = a.text.toJSON();
      b.text.insert(0, 'vandal ');
      a.text.insert(a.text.length, 'end');
      await waitFor(() => b.text.toJSON().endsWith('end'));
      const late = yWebsocketClient(wsUrl, lesson.main, teacher.token);
      await late.synced();
      assert.equal(late.text.toJSON(), `${before}end`);
      assert.equal(a.text.toJSON(), `${before}end`);
    });

    await t.test('[LIVE2] a run of the document is seen by those who come later', async () => {
      const lesson = await startLesson(url);
      const { token } = await lesson.collabToken(lesson.teacher);
      const a = yWebsocketClient(wsUrl, lesson.main, token);
      await a.synced();
      const source = 'print(sum(map(int, input().split())))';
      a.text.insert(0, source);
      await textOnServer(lesson, url, source);
      const run = await lesson.run(lesson.student, { document: lesson.main, stdin: '20 22' });
      assert.equal(run.status, 'ok', JSON.stringify(run));
      assert.equal(run.stdout, '42\n');
      assert.equal(run.by.id, lesson.student.id);
      const late = hocuspocusClient(wsUrl, lesson.main, token);
      await waitFor(() => serverState(late)?.run !== undefined, { what: 'the run in the awareness of a late client' });
      const { runId, status, tail, exitCode } = serverState(late)!.run as Record<string, unknown>;
      assert.deepEqual({ runId, status, tail, exitCode }, { runId: run.id, status: 'ok', tail: '42\n', exitCode: 0 });
    });

    await t.test('[LIVE3] endless programs end, and others are served meanwhile', { timeout: 60_000 }, async () => {
      const lesson = await startLesson(url);
      const { token } = lesson.teacher;
      const loop = lesson.run(lesson.teacher, { language: 'python', code: 'while True: pass' });
      const print = lesson.run(lesson.student, {
        language: 'javascript',
        code: 'for (;;) console.log("more and more")',
      });
      let slowest = 0;
      let answered = 0;
      let running = true;
      const asking = (async () => {
        while (running) {
          const startedAt = performance.now();
          await call(url, 'GET', `/api/classrooms/${lesson.classroom.id}`, { token });
          slowest = Math.max(slowest, performance.now() - startedAt);
          answered += 1;
        }
      })();
      const [looped, printed] = await Promise.all([loop, print]);
      running = false;
      await asking;
      assert.equal(looped.status, 'time-limit');
      assert.equal(printed.status, 'output-limit');
      assert.ok(printed.truncated && printed.stdout.length > 100_000 && printed.stdout.length <= 1024 * 1024);
      assert.ok(answered > 100 && slowest < 2_000, `${answered} answers, the slowest in ${slowest} ms`);
    });

    await t.test('[LIVE4] kill -9 loses nothing that was seen', { timeout: 90_000 }, async () => {
      const lesson = await startLesson(url, 'free');
      const [teacher, student] = await Promise.all([
        lesson.collabToken(lesson.teacher),
        lesson.collabToken(lesson.student),
      ]);
      const runBefore = await lesson.run(lesson.teacher, { language: 'python', code: 'print("kept")' });
      assert.equal(runBefore.stdout, 'kept\n');
      const a = yWebsocketClient(wsUrl, lesson.main, teacher.token);
      const b = yWebsocketClient(wsUrl, lesson.main, student.token);
      await Promise.all([a.synced(), b.synced()]);
      const words: string[] = [];
      for (let index = 0; index < 200; index += 1) {
        const word = `<${index}>`;
        a.text.insert(a.text.length, word);
        words.push(word);
      }
      await waitFor(() => b.text.toJSON().includes('<199>'), { what: 'the neighbour to see the last word' });
      // In the turn in which the neighbour saw it, everybody is gone.
      const killed = program.kill();
      destroyClients();
      await killed;
      await program.restart();
      const late = yWebsocketClient(wsUrl, lesson.main, teacher.token);
      await late.synced();
      assert.equal(late.text.toJSON(), words.join(''));
      const run = await call<Run>(url, 'GET', `/api/compile/runs/${runBefore.id}`, { token: lesson.teacher.token });
      assert.deepEqual({ status: run.status, stdout: run.stdout }, { status: 'ok', stdout: 'kept\n' });
    });

    await t.test('[LIVE5] SIGTERM ends cleanly, and a data directory has one process', async () => {
      const lesson = await startLesson(url, 'free');
      const { token } = await lesson.collabToken(lesson.teacher);
      const a = yWebsocketClient(wsUrl, lesson.main, token);
      await a.synced();
      a.text.insert(0, 'the last word');
      await assert.rejects(
        startProgram({ dataDir: program.dataDir, env: environment }),
        /Another Lectern process uses/,
      );
      await waitFor(async () => (await lesson.collabToken(lesson.teacher)).documents.length > 0);
      assert.equal(await program.stop(), 0, program.output());
      await waitFor(() => a.closes.length > 0);
      assert.equal(a.closes[0], 1012);
      await program.restart();
      await a.synced();
      const late = yWebsocketClient(wsUrl, lesson.main, token);
      await late.synced();
      await converged([a, late], (text) => text === 'the last word');
    });
  });
}

const servers = installations.find(({ name }) => name !== 'embedded stores')!;

test('[LIVE6] each role as a process of its own', { skip: servers.skip, timeout: 120_000 }, async (t) => {
  const { env, drop } = await servers.prepare();
  const port = await freePort();
  const shared = { ...env, PUBLIC_URL: `http://localhost:${port}`, DEMO: '0' };
  const api = await startProgram({ port, env: shared, args: ['--roles', 'api'] });
  const others = await Promise.all(
    ['collab', 'bridge', 'worker'].map((role) => startProgram({ env: shared, args: ['--roles', role] })),
  );
  t.after(async () => {
    destroyClients();
    await Promise.all([api, ...others].map((program) => program.destroy()));
    await drop();
  });
  const [collab] = others;
  const lesson = await startLesson(api.url);
  const { token } = await lesson.collabToken(lesson.teacher);
  const a = yWebsocketClient(collab!.wsUrl, lesson.main, token);
  await a.synced();
  a.text.insert(0, 'print("from three processes")');
  await textOnServer(lesson, api.url, a.text.toJSON());
  const run = await lesson.run(lesson.teacher, { document: lesson.main });
  assert.equal(run.stdout, 'from three processes\n', JSON.stringify(run));
  await waitFor(() => (serverState(a)?.run as { status: string } | undefined)?.status === 'ok');
  const members = await call<{ items: { online: boolean; user: { id: string } }[] }>(
    api.url,
    'GET',
    `/api/classrooms/${lesson.classroom.id}/members`,
    { token: lesson.teacher.token },
  );
  assert.equal(members.items.find(({ user }) => user.id === lesson.teacher.id)!.online, true);
  await lesson.setMode('free');
  await waitFor(() => serverState(a)?.mode === 'free');
});
