import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { destroyClients, yWebsocketClient } from '../../support/clients.ts';
import { startTestCollab, type TestCollab } from '../../support/collab.ts';
import { databaseEngines } from '../../support/databases.ts';
import { call, startLesson } from '../../support/lesson.ts';
import { startProgram } from '../../support/program.ts';
import { waitFor } from '../../support/wait-for.ts';
import { createWriter, update } from './frames.ts';
import { attackLesson, type AttackLesson } from './lesson.ts';
import { dropRawSockets, joinRaw, openRaw, rawUrl, type RawSocket } from './raw-socket.ts';

/** The contract says a second; the rest is for a machine that is busy with other tests. */
const soonMs = 1_500;

/** The program takes its time to start on a machine that is busy with other tests. */
const withStart = { timeout: 150_000 };

/** Both endpoints, one socket each, for the same person. */
async function bothEndpoints(lectern: TestCollab, name: string, token: string): Promise<RawSocket[]> {
  return Promise.all([false, true].map((hocuspocus) => joinRaw(lectern.wsUrl, name, token, { hocuspocus })));
}

const closings = (sockets: RawSocket[]) => Promise.all(sockets.map((socket) => socket.closing(soonMs)));

/** Whether what this socket types reaches the class. */
async function writes(lesson: AttackLesson, socket: RawSocket): Promise<boolean> {
  const mark = `<${crypto.randomUUID()}>`;
  socket.send(update(createWriter().write(mark)));
  await socket.settled();
  return (await lesson.text()).includes(mark);
}

for (const engine of databaseEngines) {
  const on = { skip: engine.skip };

  test(`[SAFE20] access that changes reaches open sockets within a second on ${engine.name}`, on, async (t) => {
    const lectern = await startTestCollab({ engine });
    t.after(() => lectern.close());
    t.after(dropRawSockets);
    const changes: [what: string, code: number, change: (lesson: AttackLesson) => Promise<void>][] = [
      ['a lower role', 4205, (lesson) => lesson.setRole(lesson.student, 'observer')],
      ['a higher role', 4205, (lesson) => lesson.setRole(lesson.student, 'assistant')],
      ['another mode', 4205, (lesson) => lesson.setMode('lecture')],
      ['removal', 4403, (lesson) => lesson.remove(lesson.student)],
      ['a ban', 4403, (lesson) => lesson.ban(lesson.student)],
      ['logout', 4401, (lesson) => lesson.logOut(lesson.student)],
      ['the end of the lesson', 4205, (lesson) => lesson.endLesson()],
    ];
    for (const [what, code, change] of changes) {
      const lesson = await attackLesson(lectern);
      const token = lesson.token(lesson.student);
      const sockets = await bothEndpoints(lectern, lesson.main, token);
      const teacher = await joinRaw(lectern.wsUrl, lesson.main, lesson.token(lesson.teacher));
      for (const socket of sockets) assert.equal(await writes(lesson, socket), true, what);
      await change(lesson);
      assert.deepEqual(await closings(sockets), [code, code], what);
      assert.equal(teacher.closed, undefined, what);
      assert.equal(await writes(lesson, teacher), true, what);
      // What comes back is judged by what holds now.
      const again = await openRaw(rawUrl(lectern.wsUrl, lesson.main, token));
      if (code >= 4400) assert.equal(await again.closing(), code, what);
      else {
        await again.join();
        assert.equal(await writes(lesson, again), what === 'a higher role', what);
      }
    }
  });

  test(
    `[SAFE21] the end of a lesson makes students readers and staff go on; its start makes them writers on ${engine.name}`,
    on,
    async (t) => {
      const lectern = await startTestCollab({ engine });
      t.after(() => lectern.close());
      t.after(dropRawSockets);
      const lesson = await attackLesson(lectern);
      await lesson.setRole(lesson.honest, 'assistant');
      const own = lesson.workspace(lesson.student.id);
      const staff = await Promise.all(
        [lesson.teacher, lesson.honest].map((who) => joinRaw(lectern.wsUrl, lesson.main, lesson.token(who))),
      );
      const token = lesson.token(lesson.student);
      const students = [
        ...(await bothEndpoints(lectern, lesson.main, token)),
        ...(await bothEndpoints(lectern, own, token)),
      ];
      await lesson.endLesson();
      assert.deepEqual(await closings(students), [4205, 4205, 4205, 4205]);
      for (const socket of staff) assert.equal(await writes(lesson, socket), true);
      assert.deepEqual(
        staff.map(({ closed }) => closed),
        [undefined, undefined],
      );

      const reading = await joinRaw(lectern.wsUrl, lesson.main, token);
      const typing = await joinRaw(lectern.wsUrl, lesson.main, token);
      assert.equal(await writes(lesson, typing), false);
      await lesson.endLesson(null);
      assert.deepEqual(await closings([reading, typing]), [4205, 4409]);
      assert.equal(await writes(lesson, await joinRaw(lectern.wsUrl, lesson.main, token)), true);
      for (const socket of staff) assert.equal(await writes(lesson, socket), true);
    },
  );
}

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

test('[SAFE22] a session that expires while its sockets are open closes them with 4401', async () => {
  const lesson = await attackLesson(lectern);
  const end = Date.now() + 2_000;
  const session = lectern.db.updateTable('sessions').set({ expires_at: end });
  await session.where('id', '=', lesson.student.sessionId).execute();
  const expiring = await bothEndpoints(lectern, lesson.main, lesson.token(lesson.student));
  const others = await bothEndpoints(lectern, lesson.main, lesson.token(lesson.honest));
  assert.ok(Date.now() < end, 'the sockets were open in time');
  const codes = await Promise.all(expiring.map((socket) => socket.closing(end - Date.now() + soonMs)));
  assert.deepEqual(codes, [4401, 4401]);
  assert.ok(Date.now() >= end - 50, 'not before its time');
  for (const socket of others) assert.equal(await socket.settled(), undefined);
});

test('[SAFE20] frames behind a change of access are not let in, those before it are', async () => {
  const lesson = await attackLesson(lectern);
  const socket = await joinRaw(lectern.wsUrl, lesson.main, lesson.token(lesson.student));
  const watcher = await joinRaw(lectern.wsUrl, lesson.main, lesson.token(lesson.teacher));
  const writer = createWriter();
  let going = true;
  const typing = (async () => {
    for (let index = 0; going; index += 1) {
      socket.send(update(writer.write(`${index} `)));
      await new Promise((resolve) => void setTimeout(resolve, 2));
    }
  })();
  await waitFor(async () => (await lesson.text()).includes('20 '));
  await lesson.remove(lesson.student);
  // When the removal has been told, nothing more of this person gets in, whatever is still on its way.
  await new Promise((resolve) => void setTimeout(resolve, 1_000));
  const then = await lesson.text();
  assert.equal(await socket.closing(soonMs), 4403);
  await watcher.settled();
  assert.equal(await lesson.text(), then);
  going = false;
  await typing;
  // No ghost of the removed person is left either.
  const late = yWebsocketClient(lectern.wsUrl, lesson.main, lesson.token(lesson.honest));
  await late.synced();
  const people = [...late.awareness.getStates().values()].map(({ user }) => (user as { id?: string } | undefined)?.id);
  assert.ok(!people.includes(lesson.student.id));
});

test(
  '[SAFE20, SAFE21] over HTTP, in the whole program: what staff and people do reaches their sockets',
  withStart,
  async (t) => {
    const program = await startProgram();
    t.after(() => program.destroy());
    t.after(destroyClients);
    const { url, wsUrl } = program;
    const lesson = await startLesson(url, 'free');
    const { classroom, teacher, student, main } = lesson;
    const staff = (method: string, path: string, body?: unknown, status = 200) =>
      call(url, method, `/api/classrooms/${classroom.id}${path}`, { token: teacher.token, body, status });
    const member = `/members/${student.id}`;
    const teaching = yWebsocketClient(wsUrl, main, (await lesson.collabToken(teacher)).token);
    await teaching.synced();
    const steps: [what: string, code: number, act: () => Promise<unknown>][] = [
      ['end', 4205, () => staff('POST', '/end')],
      ['start', 4205, () => staff('POST', '/start')],
      ['mode', 4205, () => staff('PATCH', '', { mode: 'lecture' })],
      ['mode', 4205, () => staff('PATCH', '', { mode: 'free' })],
      ['role', 4205, () => staff('PATCH', member, { role: 'observer' })],
      ['role', 4205, () => staff('PATCH', member, { role: 'student' })],
      ['removal', 4403, () => staff('DELETE', member, undefined, 204)],
      ['logout', 4401, () => call(url, 'POST', '/api/auth/logout', { token: student.token, status: 204 })],
    ];
    let last = '';
    for (const [what, code, act] of steps) {
      // Tokens of one second are the same, and one that was just refused may be refused once more by name.
      const token = await waitFor(async () => {
        const { token: next } = await lesson.collabToken(student);
        return next === last ? undefined : next;
      });
      last = token;
      const sockets = await Promise.all([false, true].map((hocuspocus) => joinRaw(wsUrl, main, token, { hocuspocus })));
      await act();
      assert.deepEqual(await closings(sockets), [code, code], what);
      if (what === 'removal')
        await call(url, 'POST', '/api/classrooms/join', { token: student.token, body: { code: classroom.code } });
    }
    assert.deepEqual(teaching.closes, []);
  },
);
