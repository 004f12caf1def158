import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { after, afterEach, before, test } from 'node:test';
import { converged, destroyClients, yWebsocketClient } from '../../support/clients.ts';
import { startTestCollab, type TestCollab } from '../../support/collab.ts';
import { waitFor } from '../../support/wait-for.ts';
import { createWriter, update } from './frames.ts';
import { attackLesson } from './lesson.ts';
import { dropRawSockets, joinRaw } from './raw-socket.ts';
import { readerBehindProxy } from './reader-behind-proxy.ts';

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

test('[SAFE24] A12: two tabs of one session: the one without refused text does not clear the way for the other', async (t) => {
  const lesson = await attackLesson(lectern, 'lecture');
  const teacher = yWebsocketClient(lectern.wsUrl, lesson.main, lesson.token(lesson.teacher));
  await teacher.synced();
  teacher.text.insert(0, 'what the teacher has written');
  const { proxy, reader } = await readerBehindProxy(t, lectern, lesson);
  await converged([teacher, reader], (text) => text.startsWith('what the teacher'));
  reader.text.delete(0, 5);
  teacher.text.insert(teacher.text.length, '!');
  await waitFor(() => reader.text.toJSON().endsWith('!'));
  await proxy.cut();
  await lesson.setMode('free');
  const otherTab = yWebsocketClient(lectern.wsUrl, lesson.main, lesson.token(lesson.student));
  await otherTab.synced();
  otherTab.text.insert(0, 'ok ');
  await converged([teacher, otherTab], (text) => text.startsWith('ok '));
  await proxy.restore();
  await waitFor(() => reader.provider.synced || reader.closes.includes(4409), { withinMs: 10_000 });
  await delay(500);
  assert.equal(await lesson.text(), 'ok what the teacher has written!');
  assert.ok(reader.closes.includes(4409));
});

test('[SAFE24] A12: refused text is still known when everybody had gone meanwhile', async (t) => {
  const lesson = await attackLesson(lectern, 'lecture');
  const { proxy, reader } = await readerBehindProxy(t, lectern, lesson);
  reader.text.insert(0, 'REFUSED ');
  const probe = await joinRaw(lectern.wsUrl, lesson.main, lesson.token(lesson.honest));
  await probe.settled();
  await proxy.cut();
  probe.ws.terminate();
  await lesson.setMode('free');
  // Long enough for the document to leave memory, were it allowed to.
  await delay(5_000);
  await proxy.restore();
  await waitFor(() => reader.provider.synced || reader.closes.includes(4409), { withinMs: 10_000 });
  await delay(300);
  assert.equal(await lesson.text(), '');
});

test('[SAFE25] a reader who forges the Yjs client of a writer does not get that writer’s text refused', async () => {
  const lesson = await attackLesson(lectern, 'lecture');
  const teacher = yWebsocketClient(lectern.wsUrl, lesson.main, lesson.token(lesson.teacher));
  const watcher = yWebsocketClient(lectern.wsUrl, lesson.main, lesson.token(lesson.honest));
  await Promise.all([teacher.synced(), watcher.synced()]);
  teacher.text.insert(0, 'one');
  await converged([teacher, watcher], (text) => text === 'one');
  // Everybody in the room knows the teacher's client id and clock.
  const forger = createWriter({ clientId: teacher.doc.clientID });
  const forged = ['one', 'two', 'forged'].map((text) => forger.write(text));
  const socket = await joinRaw(lectern.wsUrl, lesson.main, lesson.token(lesson.student));
  for (const bytes of forged) socket.send(update(bytes));
  await socket.settled();
  teacher.text.insert(3, ' two');
  await converged([teacher, watcher], (text) => text === 'one two');
  assert.deepEqual([teacher.closes, watcher.closes], [[], []]);
  // Nor when the teacher comes back.
  teacher.provider.disconnect();
  teacher.provider.connect();
  await teacher.synced();
  teacher.text.insert(7, ' three');
  await converged([teacher, watcher], (text) => text === 'one two three');
  assert.deepEqual(teacher.closes, []);
});

test('[SAFE25] one person who fills the room for waiting updates does not take it from the others', async () => {
  const lesson = await attackLesson(lectern);
  const greedy = await joinRaw(lectern.wsUrl, lesson.main, lesson.token(lesson.student));
  for (let count = 0; count < 50; count += 1) {
    const writer = createWriter();
    writer.write('never sent');
    greedy.send(update(writer.write('x'.repeat(100))));
  }
  await greedy.settled();
  const honest = await joinRaw(lectern.wsUrl, lesson.main, lesson.token(lesson.honest));
  const writer = createWriter();
  const [first, second] = [writer.write('one '), writer.write('two ')];
  honest.send(update(second));
  await honest.settled();
  honest.send(update(first));
  await waitFor(async () => (await lesson.text()) === 'two one ', { what: 'the gap of somebody else to close' });
  assert.equal(honest.closed, undefined);
});
