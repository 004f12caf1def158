import assert from 'node:assert/strict';
import { once } from 'node:events';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { after, afterEach, before, test } from 'node:test';
import { WebSocket } from 'ws';
import * as Y from 'yjs';
import * as wire from '../../collab/gateway/wire.ts';
import { converged, destroyClients, hocuspocusClient, yWebsocketClient } from '../support/clients.ts';
import { startTestCollab, type TestCollab } from '../support/collab.ts';
import { waitFor } from '../support/wait-for.ts';

let lectern: TestCollab;
before(async () => {
  lectern = await startTestCollab({ documentLimits: 'sleepAfterMs=500' });
});
afterEach(destroyClients);
after(() => lectern.close());

async function lesson() {
  const teacher = await lectern.user('Kim');
  const student = await lectern.user('Lee');
  const classroom = await lectern.classroom(teacher.id, 'free');
  await lectern.member(classroom.id, student.id, 'student');
  const token = (user: typeof teacher) => lectern.token(user, classroom.id);
  return { teacher, student, classroom, token };
}

const documents = () => lectern.metric('lectern_collab_documents');

test('[ROOM1] an idle document leaves memory while its readers stay, and wakes for the next word', async () => {
  const { teacher, student, classroom, token } = await lesson();
  const a = yWebsocketClient(lectern.wsUrl, classroom.main, token(teacher));
  const b = hocuspocusClient(lectern.wsUrl, classroom.main, token(student));
  await Promise.all([a.synced(), b.synced()]);
  a.text.insert(0, 'before');
  await converged([a, b], (text) => text === 'before');
  await waitFor(async () => (await documents()) === 0, { what: 'the document to leave memory' });
  assert.equal(await lectern.metric('lectern_collab_sockets'), 2);

  // Presence needs no document.
  b.awareness.setLocalState({ cursor: 7 });
  await waitFor(() => a.awareness.getStates().get(b.awareness.clientID)?.cursor === 7);
  assert.equal(await documents(), 0);

  a.text.insert(6, ' and');
  b.text.insert(0, 'long ');
  await converged([a, b], (text) => text === 'long before and');
  assert.equal(await documents(), 1);
  assert.deepEqual([a.closes, b.closes], [[], []]);

  await waitFor(async () => (await documents()) === 0, { what: 'the document to leave memory again' });
  const late = yWebsocketClient(lectern.wsUrl, classroom.main, token(teacher));
  await late.synced();
  await converged([a, b, late], (text) => text === 'long before and');
});

test('[ROOM2] nothing is left of a document whose people have gone', async () => {
  const { teacher, classroom, token } = await lesson();
  const a = yWebsocketClient(lectern.wsUrl, classroom.main, token(teacher));
  await a.synced();
  a.destroy();
  await waitFor(async () => (await lectern.metric('lectern_collab_rooms')) === 0, { what: 'the room to end' });
  assert.equal(await documents(), 0);
});

test('[ROOM3] many who join alike have the text of that moment when they call themselves synced', async () => {
  const { teacher, student, classroom, token } = await lesson();
  const writer = yWebsocketClient(lectern.wsUrl, classroom.main, token(teacher), { acks: true });
  const watcher = yWebsocketClient(lectern.wsUrl, classroom.main, token(teacher));
  await Promise.all([writer.synced(), watcher.synced()]);
  const joined = [];
  for (let number = 0; number < 30; number += 1) {
    writer.text.insert(writer.text.length, `${number} `);
    const text = await converged([writer, watcher], (current) => current.endsWith(`${number} `));
    const doc = new Y.Doc();
    const joiner =
      number % 3 === 0
        ? hocuspocusClient(lectern.wsUrl, classroom.main, token(student), doc)
        : yWebsocketClient(lectern.wsUrl, classroom.main, token(student), { doc });
    let atSync: string | undefined;
    (joiner.provider as { on(event: string, heard: (synced: unknown) => void): void }).on(
      number % 3 === 0 ? 'synced' : 'sync',
      (synced) => {
        if (synced !== false) atSync ??= joiner.text.toJSON();
      },
    );
    await joiner.synced();
    assert.equal(atSync, text);
    joined.push(joiner);
  }
  await converged([writer, ...joined], (current) => current.endsWith('29 '));
});

test('[ROOM9] who holds the old life of a document is closed with 4409, and the new one has only its own text', async () => {
  const { teacher, student, classroom, token } = await lesson();
  const a = yWebsocketClient(lectern.wsUrl, classroom.main, token(teacher));
  const b = hocuspocusClient(lectern.wsUrl, classroom.main, token(student));
  await Promise.all([a.synced(), b.synced()]);
  a.text.insert(0, 'old text');
  await converged([a, b], (text) => text === 'old text');
  const { epoch: old } = await lectern.bus.request('document.read', { name: classroom.main });
  const { epoch } = await lectern.bus.request('document.remake', {
    name: classroom.main,
    userId: teacher.id,
    files: [{ id: 'main', path: 'main.py', language: 'python', text: 'new text' }],
  });
  assert.notEqual(epoch, old);
  await waitFor(() => a.closes.includes(4409) && b.refusals.includes('4409'), { what: 'both to be told' });
  const fresh = yWebsocketClient(lectern.wsUrl, classroom.main, token(teacher));
  await fresh.synced();
  assert.equal(fresh.text.toJSON(), 'new text');
  const server = [...fresh.awareness.getStates().values()].find((state) => state.kind === 'server');
  assert.equal(server?.epoch, epoch);

  // Somebody who was offline all the while.
  const offline = new Y.Doc();
  Y.applyUpdate(offline, Y.encodeStateAsUpdate(a.doc));
  offline.getText('f:main').insert(0, 'typed on the train ');
  const returned = yWebsocketClient(lectern.wsUrl, classroom.main, token(student), { doc: offline });
  await waitFor(() => returned.closes.includes(4409));
  const { files } = await lectern.bus.request('document.read', { name: classroom.main });
  assert.equal(files[0]!.text, 'new text');
});

test('[GATE15] one person who floods is read more slowly, loses nothing, and holds up nobody', async () => {
  const { teacher, student, classroom, token } = await lesson();
  const flooder = yWebsocketClient(lectern.wsUrl, classroom.main, token(student));
  const [a, b] = [1, 2].map(() => yWebsocketClient(lectern.wsUrl, classroom.main, token(teacher)));
  await Promise.all([flooder.synced(), a!.synced(), b!.synced()]);
  for (let number = 0; number < 3_000; number += 1) flooder.text.insert(0, '.');
  const started = performance.now();
  a!.text.insert(0, 'hello ');
  await waitFor(() => b!.text.toJSON().includes('hello '));
  const echoed = performance.now() - started;
  assert.ok(b!.text.length < 3_000, `the flood is still coming in after ${echoed} ms`);
  await waitFor(() => b!.text.length === 3_006, { withinMs: 30_000, what: 'the whole flood' });
  assert.deepEqual(flooder.closes, []);
});

test('[GATE18] an update of a third of a million pieces is refused, and nobody waits for that', async () => {
  const { teacher, student, classroom, token } = await lesson();
  const [a, b] = [1, 2].map(() => yWebsocketClient(lectern.wsUrl, classroom.main, token(teacher)));
  await Promise.all([a!.synced(), b!.synced()]);
  const heavy = new Y.Doc();
  heavy.transact(() => {
    for (let piece = 0; piece < 330_000; piece += 1) heavy.getText('f:main').insert(0, 'x');
  });
  const encoded = wire.syncUpdate(Y.encodeStateAsUpdate(heavy));
  assert.ok(encoded.length > 3_000_000);
  const started = performance.now();
  Y.decodeUpdate(Y.encodeStateAsUpdate(heavy));
  const decodeMs = performance.now() - started;
  const loop = monitorEventLoopDelay({ resolution: 5 });
  const ws = new WebSocket(`${lectern.wsUrl}/collab/${classroom.main}?token=${token(student)}`);
  await once(ws, 'open');
  loop.enable();
  ws.send(encoded);
  const [code] = (await once(ws, 'close')) as [number];
  loop.disable();
  assert.equal(code, 4413);
  assert.ok(loop.max / 1e6 < decodeMs, `the event loop stood still for ${loop.max / 1e6} of ${decodeMs} ms`);
  a!.text.insert(0, 'still here');
  await converged([a!, b!], (text) => text === 'still here');
});
