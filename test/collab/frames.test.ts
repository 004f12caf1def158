import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, afterEach, before, test } from 'node:test';
import * as encoding from 'lib0/encoding';
import { WebSocket } from 'ws';
import * as Y from 'yjs';
import { converged, destroyClients, yWebsocketClient } from '../support/clients.ts';
import { startTestCollab, type TestCollab } from '../support/collab.ts';
import { waitFor } from '../support/wait-for.ts';

let lectern: TestCollab;
before(async () => {
  lectern = await startTestCollab();
});
afterEach(destroyClients);
after(async () => {
  await lectern.close();
});

/** A socket of our own, for what no stock client would send. */
async function rawSocket(name: string, token: string): Promise<WebSocket> {
  const ws = new WebSocket(`${lectern.wsUrl}/collab/${encodeURIComponent(name)}?token=${token}`);
  ws.on('error', () => {});
  await once(ws, 'open');
  return ws;
}

function update(payload: Uint8Array): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, 0);
  encoding.writeVarUint(encoder, 2);
  encoding.writeVarUint8Array(encoder, payload);
  return encoding.toUint8Array(encoder);
}

/** 13 bytes that claim thirty million structs; applying them stalls a stock server for 200 ms. */
function structBomb(): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, 1);
  encoding.writeVarUint(encoder, 30_000_000);
  encoding.writeVarUint(encoder, 123_456_789);
  encoding.writeVarUint(encoder, 0);
  return encoding.toUint8Array(encoder);
}

const malformed: [what: string, frame: Uint8Array | string][] = [
  ['an empty frame', new Uint8Array(0)],
  ['a text frame', 'hello'],
  ['an unknown type', Uint8Array.of(77, 1, 2, 3)],
  ['a truncated length', Uint8Array.of(0, 2, 0xff, 0xff, 0x7f, 1)],
  ['64 bytes of 0xff', new Uint8Array(64).fill(0xff)],
  ['an unknown sync step', Uint8Array.of(0, 9, 0)],
  ['a state vector that is none', Uint8Array.of(0, 0, 3, 0xff, 0xff, 0xff)],
  ['an update that is none', update(Uint8Array.of(1, 2, 3, 4, 5))],
  ['a bomb of structs', update(structBomb())],
  ['awareness that is none', Uint8Array.of(1, 4, 0xff, 0xff, 0xff, 0x7f)],
  ['awareness with a state that is no object', awareness(5, 1, '"text"')],
  ['awareness with broken JSON', awareness(5, 1, '{"a":')],
  ['awareness with a state of 17 kB', awareness(5, 1, JSON.stringify({ a: 'x'.repeat(17_000) }))],
];

function awareness(clientId: number, clock: number, state: string): Uint8Array {
  const entry = encoding.createEncoder();
  encoding.writeVarUint(entry, 1);
  encoding.writeVarUint(entry, clientId);
  encoding.writeVarUint(entry, clock);
  encoding.writeVarString(entry, state);
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, 1);
  encoding.writeVarUint8Array(encoder, encoding.toUint8Array(entry));
  return encoding.toUint8Array(encoder);
}

test('[GATE7] malformed frames end their own socket and nothing else', async () => {
  const teacher = await lectern.user('Kim');
  const classroom = await lectern.classroom(teacher.id, 'free');
  const token = lectern.token(teacher, classroom.id);
  const a = yWebsocketClient(lectern.wsUrl, classroom.main, token);
  const b = yWebsocketClient(lectern.wsUrl, classroom.main, token);
  await Promise.all([a.synced(), b.synced()]);
  for (const [what, frame] of malformed) {
    const ws = await rawSocket(classroom.main, token);
    ws.send(frame);
    const [code] = (await once(ws, 'close')) as [number];
    assert.equal(code, 1008, what);
    a.text.insert(a.text.length, '.');
    await converged([a, b], (text) => text === a.text.toJSON());
  }
  const ws = await rawSocket(classroom.main, token);
  ws.send(new Uint8Array(4 * 1024 * 1024 + 1));
  const [code] = (await once(ws, 'close')) as [number];
  assert.equal(code, 1009);
  a.text.insert(0, 'alive ');
  await converged([a, b], (text) => text.startsWith('alive '));
  assert.deepEqual([a.closes, b.closes], [[], []]);
});

test('[GATE8] a page of another origin cannot open a socket', async () => {
  const teacher = await lectern.user('Kim');
  const classroom = await lectern.classroom(teacher.id);
  const token = lectern.token(teacher, classroom.id);
  for (const path of [`/collab/${classroom.main}?token=${token}`, '/hocuspocus']) {
    for (const origin of ['https://evil.example', 'null', 'http://localhost.evil.example']) {
      const ws = new WebSocket(lectern.wsUrl + path, { origin });
      const [, response] = (await once(ws, 'unexpected-response')) as [unknown, { statusCode: number }];
      assert.equal(response.statusCode, 403, `${path} from ${origin}`);
    }
  }
});

test('[DOC2] a history of another epoch is turned away with 4409 and changes nothing', async () => {
  const teacher = await lectern.user('Kim');
  const classroom = await lectern.classroom(teacher.id, 'free');
  const token = lectern.token(teacher, classroom.id);
  const a = yWebsocketClient(lectern.wsUrl, classroom.main, token);
  await a.synced();
  a.text.insert(0, 'today');
  const { epoch } = await lectern.bus.request('document.read', { name: classroom.main });

  const doc = new Y.Doc();
  doc.clientID = epoch === 7 ? 8 : 7;
  doc.getText('f:main').insert(0, 'yesterday');
  const old = yWebsocketClient(lectern.wsUrl, classroom.main, token, { doc });
  await waitFor(() => old.closes.length > 0, { what: 'the old history to be turned away' });
  assert.deepEqual(old.closes, [4409]);

  const ws = await rawSocket(classroom.main, token);
  ws.send(update(Y.encodeStateAsUpdate(doc)));
  const [code] = (await once(ws, 'close')) as [number];
  assert.equal(code, 4409);

  // The reserved id of this very epoch is the server's alone.
  const forged = new Y.Doc();
  forged.clientID = epoch;
  forged.getText('f:main').insert(0, 'a long text that reaches further than the first update of the epoch');
  const forger = await rawSocket(classroom.main, token);
  forger.send(update(Y.encodeStateAsUpdate(forged)));
  assert.equal(((await once(forger, 'close')) as [number])[0], 1008);
  const { files } = await lectern.bus.request('document.read', { name: classroom.main });
  assert.equal(files[0]!.text, 'today');
});

test('[GATE13] a Hocuspocus socket that opens nothing is closed', async () => {
  const ws = new WebSocket(`${lectern.wsUrl}/hocuspocus`);
  await once(ws, 'open');
  const [code] = (await once(ws, 'close', { signal: AbortSignal.timeout(15_000) })) as [number];
  assert.equal(code, 4401);
});

test('[DOC7] a document grows to its limit and no further, and can shrink again', async () => {
  const teacher = await lectern.user('Kim');
  const classroom = await lectern.classroom(teacher.id, 'free');
  const token = lectern.token(teacher, classroom.id);
  const a = yWebsocketClient(lectern.wsUrl, classroom.main, token);
  const b = yWebsocketClient(lectern.wsUrl, classroom.main, token);
  await Promise.all([a.synced(), b.synced()]);
  const megabytes = 3 * 1024 * 1024;
  for (const part of [1, 2]) {
    a.text.insert(0, 'x'.repeat(megabytes));
    await converged([a, b], (text) => text.length === part * megabytes);
  }
  a.text.insert(0, 'y'.repeat(megabytes));
  await waitFor(() => a.closes.length > 0, { what: 'the greedy socket to be closed' });
  assert.deepEqual(a.closes, [4413]);
  assert.equal(b.text.length, 2 * megabytes);
  b.text.delete(0, 2 * megabytes);
  b.text.insert(0, 'small again');
  const late = yWebsocketClient(lectern.wsUrl, classroom.main, token);
  await late.synced();
  await converged([b, late], (text) => text === 'small again');
});
