import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import * as encoding from 'lib0/encoding';
import { readVarUint } from 'lib0/decoding';
import * as Y from 'yjs';
import { startTestCollab, type TestCollab } from '../support/collab.ts';
import { converged, destroyClients, hocuspocusClient, yWebsocketClient, type StockClient } from '../support/clients.ts';
import { waitFor } from '../support/wait-for.ts';

let lectern: TestCollab;
before(async () => {
  lectern = await startTestCollab();
});
afterEach(destroyClients);
after(async () => {
  await lectern.close();
});

async function lesson(mode: 'lecture' | 'practice' | 'free' = 'free') {
  const teacher = await lectern.user('Kim');
  const student = await lectern.user('Lee');
  const classroom = await lectern.classroom(teacher.id, mode);
  await lectern.member(classroom.id, student.id, 'student');
  const token = (user: { id: string; sessionId: string }) => lectern.token(user, classroom.id);
  return { teacher, student, classroom, token };
}

function awarenessFrame(update: Uint8Array): Uint8Array<ArrayBuffer> {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, 1);
  encoding.writeVarUint8Array(encoder, update);
  return Uint8Array.from(encoding.toUint8Array(encoder));
}

function states(client: StockClient) {
  return [...client.awareness.getStates().values()];
}

test('[GATE1] two y-websocket clients and a Hocuspocus client converge on text and awareness', async () => {
  const { teacher, student, classroom, token } = await lesson();
  const a = yWebsocketClient(lectern.wsUrl, classroom.main, token(teacher));
  const b = yWebsocketClient(lectern.wsUrl, classroom.main, token(student));
  const c = hocuspocusClient(lectern.wsUrl, classroom.main, token(student));
  await Promise.all([a.synced(), b.synced(), c.synced()]);
  a.text.insert(0, 'print("안녕")\n');
  await converged([a, b, c], (text) => text.includes('안녕'));
  b.text.insert(0, '# 👩🏽‍💻\n');
  c.text.insert(c.text.length, '# end');
  const text = await converged([a, b, c], (current) => current.includes('👩🏽‍💻') && current.includes('# end'));
  assert.equal(text, '# 👩🏽‍💻\nprint("안녕")\n# end');

  a.awareness.setLocalState({ cursor: 1, user: { name: 'Somebody else' } });
  c.awareness.setLocalState({ cursor: 3 });
  await waitFor(() =>
    [a, b, c].every((client) => client.awareness.getStates().get(a.awareness.clientID)?.cursor === 1),
  );
  await waitFor(() =>
    [a, b, c].every((client) => client.awareness.getStates().get(c.awareness.clientID)?.cursor === 3),
  );
  const seen = b.awareness.getStates().get(a.awareness.clientID)!.user as Record<string, unknown>;
  assert.equal(seen.name, 'Kim');
  assert.equal(seen.role, 'owner');
  const { epoch } = await lectern.bus.request('document.read', { name: classroom.main });
  for (const client of [a, b, c]) {
    const server = states(client).filter((state) => state.kind === 'server');
    assert.equal(server.length, 1);
    assert.deepEqual({ ...server[0] }, { kind: 'server', epoch, mode: 'free', log: 'ok' });
  }
});

test('[GATE2] a student in lecture mode changes nothing that anybody else can see', async () => {
  const { teacher, student, classroom, token } = await lesson('lecture');
  const a = yWebsocketClient(lectern.wsUrl, classroom.main, token(teacher));
  const reader = yWebsocketClient(lectern.wsUrl, classroom.main, token(student));
  const hocuspocusReader = hocuspocusClient(lectern.wsUrl, classroom.main, token(student));
  await Promise.all([a.synced(), reader.synced(), hocuspocusReader.synced()]);
  reader.text.insert(0, 'reader ');
  hocuspocusReader.text.insert(0, 'hocuspocus reader ');
  a.text.insert(0, 'teacher');
  await waitFor(() => reader.text.toJSON().includes('teacher') && hocuspocusReader.text.toJSON().includes('teacher'));
  const late = yWebsocketClient(lectern.wsUrl, classroom.main, token(teacher));
  await late.synced();
  assert.equal(a.text.toJSON(), 'teacher');
  assert.equal(late.text.toJSON(), 'teacher');
  assert.equal(hocuspocusReader.provider.hasUnsyncedChanges, true);
  const { files } = await lectern.bus.request('document.read', { name: classroom.main });
  assert.equal(files[0]!.text, 'teacher');
  const rows = await lectern.db
    .selectFrom('document_updates')
    .select('user_id')
    .where('document', '=', classroom.main)
    .execute();
  assert.ok(rows.every((row) => row.user_id !== student.id));
});

test('[GATE3] refusals have their numbers, and the stock client stops', async () => {
  const { teacher, classroom, token } = await lesson();
  const other = await lesson();
  const stranger = await lectern.user('Stranger');
  const cases: [code: number, name: string, token: string][] = [
    [4401, classroom.main, 'not a token'],
    [4401, classroom.main, ''],
    [4403, classroom.main, other.token(other.teacher)],
    [4403, classroom.main, token(stranger)],
    [4403, classroom.workspace(teacher.id), token(stranger)],
    [4404, `c:${classroom.id}`, token(teacher)],
    [4404, `c:${classroom.id}:main:x`, token(teacher)],
    [4404, `c:${classroom.id}:s:nobody-of-this-class`, token(teacher)],
    [4404, '__proto__', token(teacher)],
    [4404, 'c:a b:main', token(teacher)],
  ];
  for (const [code, name, badToken] of cases) {
    const client = yWebsocketClient(lectern.wsUrl, name, badToken);
    await waitFor(() => client.closes.length > 0, { what: `${name} to close` });
    assert.deepEqual(client.closes, [code], name);
    assert.equal(client.provider.shouldConnect, false);
    const hocuspocus = hocuspocusClient(lectern.wsUrl, name, badToken || 'x');
    await waitFor(() => hocuspocus.refusals.length > 0, { what: `${name} to be refused` });
    assert.deepEqual(hocuspocus.refusals, [String(code)], name);
  }
});

test('[GATE4] a removed person and an ended session are shut out at once', async () => {
  const { teacher, student, classroom, token } = await lesson();
  const removed = yWebsocketClient(lectern.wsUrl, classroom.main, token(student));
  const loggedOut = yWebsocketClient(lectern.wsUrl, classroom.main, token(teacher));
  const loggedOutHocuspocus = hocuspocusClient(lectern.wsUrl, classroom.main, token(teacher));
  await Promise.all([removed.synced(), loggedOut.synced(), loggedOutHocuspocus.synced()]);

  await lectern.db.deleteFrom('members').where('user_id', '=', student.id).execute();
  await lectern.bus.publish('access.changed', { classroomId: classroom.id, userId: student.id });
  await waitFor(() => removed.closes.length > 0, { withinMs: 1_000, what: 'the removed student to be closed' });
  assert.deepEqual(removed.closes, [4403]);

  await lectern.db
    .updateTable('sessions')
    .set({ revoked_at: Date.now() })
    .where('id', '=', teacher.sessionId)
    .execute();
  await lectern.bus.publish('session.revoked', { sessionId: teacher.sessionId });
  await waitFor(() => loggedOut.closes.length > 0 && loggedOutHocuspocus.closes.length > 0, { withinMs: 1_000 });
  assert.deepEqual(loggedOut.closes, [4401]);
  await waitFor(() => loggedOutHocuspocus.refusals.length > 0, { what: 'the Hocuspocus client to be refused by name' });
  assert.equal(loggedOutHocuspocus.refusals[0], '4401');
});

test('[GATE5] a change of mode re-judges readers; refused text never gets in by the back door', async () => {
  const { teacher, student, classroom, token } = await lesson('lecture');
  const honest = await lectern.user('Honest');
  await lectern.member(classroom.id, honest.id, 'student');
  const a = yWebsocketClient(lectern.wsUrl, classroom.main, token(teacher));
  const quiet = yWebsocketClient(lectern.wsUrl, classroom.main, token(honest));
  const typing = yWebsocketClient(lectern.wsUrl, classroom.main, token(student));
  await Promise.all([a.synced(), quiet.synced(), typing.synced()]);
  typing.text.insert(0, 'typed while reading');
  a.text.insert(0, 'hello ');
  await waitFor(() => typing.text.toJSON().includes('hello'));

  await lectern.db.updateTable('classrooms').set({ mode: 'free' }).where('id', '=', classroom.id).execute();
  await lectern.bus.publish('classroom.updated', { classroomId: classroom.id, mode: 'free' });
  await lectern.bus.publish('access.changed', { classroomId: classroom.id });
  await waitFor(() => typing.closes.length > 0 && quiet.closes.length > 0);
  assert.deepEqual(typing.closes, [4409]);
  assert.deepEqual(quiet.closes, [4205]);
  assert.deepEqual(a.closes, []);
  await waitFor(() => states(a).some((state) => state.kind === 'server' && state.mode === 'free'));
  await quiet.synced();
  quiet.text.insert(quiet.text.length, 'world');
  assert.equal(await converged([a, quiet], (text) => text.includes('world')), 'hello world');
});

test('[GATE6] nobody speaks for somebody else in awareness', async () => {
  const { teacher, student, classroom, token } = await lesson();
  const a = yWebsocketClient(lectern.wsUrl, classroom.main, token(teacher));
  const b = yWebsocketClient(lectern.wsUrl, classroom.main, token(student));
  await Promise.all([a.synced(), b.synced()]);
  a.awareness.setLocalState({ cursor: 1 });
  b.awareness.setLocalState({ cursor: 2, kind: 'server', user: { id: teacher.id, name: 'Kim', role: 'owner' } });
  await waitFor(() => a.awareness.getStates().get(b.awareness.clientID)?.cursor === 2);
  const forged = a.awareness.getStates().get(b.awareness.clientID)!;
  assert.equal((forged.user as { id: string }).id, student.id);
  assert.equal(forged.kind, undefined);

  // B claims A's and the server's entries with a clock far ahead.
  const server = [...a.awareness.getStates()].find(([, state]) => state.kind === 'server')![0];
  const { encodeAwarenessUpdate, Awareness } = await import('y-protocols/awareness');
  for (const victim of [a.awareness.clientID, server]) {
    const doc = new Y.Doc();
    doc.clientID = victim;
    const forger = new Awareness(doc);
    forger.meta.set(victim, { clock: 9_999, lastUpdated: 0 });
    forger.setLocalState({ cursor: 666, kind: 'server' });
    b.provider.ws!.send(awarenessFrame(encodeAwarenessUpdate(forger, [victim])));
    doc.destroy();
  }
  b.awareness.setLocalState({ cursor: 3 });
  await waitFor(() => a.awareness.getStates().get(b.awareness.clientID)?.cursor === 3);
  assert.ok(states(a).every((state) => state.cursor !== 666));
  assert.equal(states(a).filter((state) => state.kind === 'server').length, 1);

  b.awareness.setLocalState(null);
  await waitFor(() => !a.awareness.getStates().has(b.awareness.clientID), { what: 'the null state to disappear' });
});

test('[GATE9] with acks=1 a client learns when its updates are in the database', async () => {
  const { teacher, classroom, token } = await lesson();
  const a = yWebsocketClient(lectern.wsUrl, classroom.main, token(teacher), { acks: true });
  let stored = 0;
  a.provider.messageHandlers[100] = (_encoder, decoder) => {
    stored = readVarUint(decoder);
  };
  await a.synced();
  for (let index = 0; index < 20; index += 1) a.text.insert(0, 'x');
  // Twenty updates and the answer to the server's first sync step.
  await waitFor(() => stored === 21, { what: '21 stored frames' });
  const rows = await lectern.db.selectFrom('document_updates').select('id').where('user_id', '=', teacher.id).execute();
  assert.equal(rows.length, 20);
});

test('[GATE10] a Hocuspocus client is done when the database is', async () => {
  const { teacher, classroom, token } = await lesson();
  const a = hocuspocusClient(lectern.wsUrl, classroom.main, token(teacher));
  await a.synced();
  a.text.insert(0, 'one');
  a.text.insert(0, 'two');
  assert.equal(a.provider.hasUnsyncedChanges, true);
  await waitFor(() => !a.provider.hasUnsyncedChanges, { what: 'the changes to be acknowledged' });
  const rows = await lectern.db.selectFrom('document_updates').select('id').where('user_id', '=', teacher.id).execute();
  assert.equal(rows.length, 2);
});

test('[GATE11] a client that reconnects is seen again, once', async () => {
  const { teacher, student, classroom, token } = await lesson();
  const a = yWebsocketClient(lectern.wsUrl, classroom.main, token(teacher));
  const b = yWebsocketClient(lectern.wsUrl, classroom.main, token(student));
  await Promise.all([a.synced(), b.synced()]);
  b.awareness.setLocalState({ cursor: 7 });
  const seen = () => states(a).filter((state) => state.cursor === 7).length;
  await waitFor(() => seen() === 1);
  b.provider.disconnect();
  await waitFor(() => seen() === 0);
  b.provider.connect();
  await waitFor(() => seen() === 1, { withinMs: 3_000, what: 'the client to be seen again' });
});

test('[GATE12] a restart closes with 1012 and stock clients go on where they were', async () => {
  const { teacher, student, classroom, token } = await lesson();
  const a = yWebsocketClient(lectern.wsUrl, classroom.main, token(teacher));
  const b = hocuspocusClient(lectern.wsUrl, classroom.main, token(student));
  await Promise.all([a.synced(), b.synced()]);
  a.text.insert(0, 'before ');
  await converged([a, b], (text) => text === 'before ');
  await lectern.restart();
  assert.deepEqual(a.closes, [1012]);
  a.text.insert(a.text.length, 'after');
  assert.equal(await converged([a, b], (text) => text.includes('after')), 'before after');
});
