import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import * as Y from 'yjs';
import { destroyClients, hocuspocusClient, yWebsocketClient } from '../../support/clients.ts';
import { startTestCollab, type TestCollab } from '../../support/collab.ts';
import { waitFor } from '../../support/wait-for.ts';
import { addressed, authToken, createWriter, queryAwareness, step1, step2, update } from './frames.ts';
import { attackLesson, type AttackLesson } from './lesson.ts';
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

/** What the server holds of a document, as the teacher gets it. */
async function stateOf(lesson: AttackLesson, name: string): Promise<Uint8Array> {
  const socket = await joinRaw(lectern.wsUrl, name, lesson.token(lesson.teacher));
  const doc = new Y.Doc();
  for (const part of await socket.join()) Y.applyUpdate(doc, part);
  socket.ws.terminate();
  return Y.encodeStateVector(doc);
}

test('[SAFE34] A11: of a document that one may not open not a byte comes, whatever is sent before the refusal', async () => {
  const lesson = await attackLesson(lectern, 'practice');
  const other = lesson.workspace(lesson.honest.id);
  const owner = yWebsocketClient(lectern.wsUrl, other, lesson.token(lesson.honest));
  await owner.synced();
  owner.text.insert(0, 'my own work');
  await waitFor(async () => (await lesson.text(other)) === 'my own work');
  const state = await stateOf(lesson, other);
  const frames = [step1(), queryAwareness, update(createWriter().write('evil')), step2(createWriter().write('evil'))];

  const token = lesson.token(lesson.student);
  const socket = await openRaw(rawUrl(lectern.wsUrl, other, token));
  socket.send(...frames);
  assert.equal(await socket.closing(), 4403);
  assert.deepEqual(socket.heard, []);

  // A Hocuspocus socket that is let into one document, and speaks of another.
  const both = await joinRaw(lectern.wsUrl, lesson.workspace(lesson.student.id), token, { hocuspocus: true });
  const from = both.heard.length;
  for (const frame of frames) both.ws.send(addressed(other, frame));
  both.ws.send(addressed(other, authToken(token)));
  for (const frame of frames) both.ws.send(addressed(other, frame));
  await waitFor(() => both.heard.some((said) => said.type === 'refused') || both.closed !== undefined);
  if (both.closed === undefined) await both.settled();
  const about = both.heard.slice(from).filter((said) => 'address' in said && said.address === other);
  assert.deepEqual(about, [{ type: 'refused', reason: '4403', address: other }]);
  assert.deepEqual(await stateOf(lesson, other), state);
  assert.deepEqual(owner.closes, []);
});

test('[SAFE34] A11: what observers, and students in a lecture, write changes no state vector and reaches nobody', async () => {
  const lesson = await attackLesson(lectern, 'lecture');
  await lesson.setRole(lesson.honest, 'observer');
  const own = lesson.workspace(lesson.student.id);
  const teacher = yWebsocketClient(lectern.wsUrl, lesson.main, lesson.token(lesson.teacher));
  const student = yWebsocketClient(lectern.wsUrl, own, lesson.token(lesson.student));
  await Promise.all([teacher.synced(), student.synced()]);
  teacher.text.insert(0, 'lecture');
  student.text.insert(0, 'exercise');
  const texts = async () => [await lesson.text(), await lesson.text(own)];
  await waitFor(async () => (await texts()).join() === 'lecture,exercise');
  const states = async () => [await stateOf(lesson, lesson.main), await stateOf(lesson, own)];
  const earlier = await states();

  const readers: [string, string][] = [
    [lesson.main, lesson.token(lesson.honest)],
    [own, lesson.token(lesson.honest)],
    [lesson.main, lesson.token(lesson.student)],
  ];
  for (const [name, token] of readers) {
    for (const hocuspocus of [false, true]) {
      const raw = await joinRaw(lectern.wsUrl, name, token, { hocuspocus });
      const whole = createWriter();
      whole.write('evil');
      raw.send(update(createWriter().write('evil')), step2(Y.encodeStateAsUpdate(whole.doc)));
      await raw.settled();
      // Deletions are writing as well.
      const copy = new Y.Doc();
      for (const part of await raw.join()) Y.applyUpdate(copy, part);
      copy.getText('f:main').delete(0, copy.getText('f:main').length);
      raw.send(update(Y.encodeStateAsUpdate(copy)));
      await raw.settled();
      assert.ok(!raw.heard.some((said) => said.type === 'status' && said.saved));
      const stock = (hocuspocus ? hocuspocusClient : yWebsocketClient)(lectern.wsUrl, name, token);
      await stock.synced();
      stock.text.insert(0, 'evil');
      stock.doc.getMap('files').set('evil', { path: 'evil.py', language: 'python' });
      await raw.settled();
      stock.destroy();
    }
  }
  assert.deepEqual(await texts(), ['lecture', 'exercise']);
  assert.deepEqual(await states(), earlier);
  assert.deepEqual([teacher.text.toJSON(), student.text.toJSON()], ['lecture', 'exercise']);
  assert.deepEqual([teacher.closes, student.closes], [[], []]);
  const rows = [...(await lesson.rows()), ...(await lesson.rows(own))];
  assert.ok(rows.every(({ user_id }) => user_id !== lesson.honest.id));
});
