import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import * as encoding from 'lib0/encoding';
import * as Y from 'yjs';
import { destroyClients, yWebsocketClient, type YWebsocketClient } from '../../support/clients.ts';
import { startTestCollab, type TestCollab } from '../../support/collab.ts';
import { waitFor } from '../../support/wait-for.ts';
import { awareness, awarenessOf, encode, readEntries, update, type AwarenessEntry } from './frames.ts';
import { attackLesson, type AttackLesson } from './lesson.ts';
import { dropRawSockets, joinRaw } from './raw-socket.ts';

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

const evil = JSON.stringify({ evil: true });
const entry = (clientId: number, clock: number, state: string): AwarenessEntry => ({ clientId, clock, state });
const attacks: [what: string, frame: Uint8Array][] = [
  ['100,000 entries', awareness(Array.from({ length: 100_000 }, (_, index) => entry(100_000 + index, 1, evil)))],
  ['500 entries', awareness(Array.from({ length: 500 }, (_, index) => entry(100_000 + index, 1, evil)))],
  ['a state of 1 MB', awareness([entry(70_000, 1, JSON.stringify({ evil: 'x'.repeat(1024 * 1024) }))])],
  [
    'a state of 17 kB in three-byte characters',
    awareness([entry(70_000, 1, JSON.stringify({ evil: '가'.repeat(6_000) }))]),
  ],
  ['broken JSON', awareness([entry(70_000, 1, '{"evil":')])],
  ['no object', awareness([entry(70_000, 1, '"evil"')])],
  ['a list', awareness([entry(70_000, 1, '["evil"]')])],
  ['a number', awareness([entry(70_000, 1, '7')])],
  ['fewer entries than it says', awarenessOf(Uint8Array.of(9, 1, 1, 2, 0x7b, 0x7d))],
];

/** One character each of so many clients, as `Y.encodeStateAsUpdate` would write them. */
function forgedClients(count: number): Uint8Array {
  return encode((encoder) => {
    encoding.writeVarUint(encoder, count);
    for (let index = 0; index < count; index += 1) {
      // One struct, at clock 0: text without neighbours, in the type of this name.
      for (const number of [1, 1_000_000 + index, 0]) encoding.writeVarUint(encoder, number);
      encoding.writeUint8(encoder, 4);
      encoding.writeVarUint(encoder, 1);
      encoding.writeVarString(encoder, 'f:main');
      encoding.writeVarString(encoder, 'x');
    }
    encoding.writeVarUint(encoder, 0);
  });
}

/** The states a stock client shows, but for the server's and its own. */
function others(client: YWebsocketClient): [number, Record<string, unknown>][] {
  return [...client.awareness.getStates()].filter(
    ([id, state]) => id !== client.awareness.clientID && state.kind !== 'server',
  );
}

for (const hocuspocus of [false, true]) {
  const endpoint = hocuspocus ? 'Hocuspocus' : 'y-websocket';
  const attacker = (lesson: AttackLesson) =>
    joinRaw(lectern.wsUrl, lesson.main, lesson.token(lesson.student), { hocuspocus });

  test(`[SAFE7] M6: awareness that is too much or broken on the ${endpoint} endpoint is seen by nobody`, async () => {
    const lesson = await attackLesson(lectern);
    const a = yWebsocketClient(lectern.wsUrl, lesson.main, lesson.token(lesson.teacher));
    await a.synced();
    a.awareness.setLocalState({ cursor: 1 });
    const shown: string[] = [];
    a.provider.awareness.on('change', () => shown.push(JSON.stringify(others(a))));
    for (const [what, frame] of attacks) {
      const socket = await attacker(lesson);
      socket.send(frame);
      const code = await socket.settled();
      assert.ok(code === undefined || code === 1008, `${what}: ${code}`);
      socket.ws.terminate();
    }
    // Whoever joins now has been told of everything that is.
    const late = await joinRaw(lectern.wsUrl, lesson.main, lesson.token(lesson.honest));
    const seen = () => late.heard.flatMap((said) => (said.type === 'awareness' ? readEntries(said.payload) : []));
    await waitFor(() => seen().some(({ state }) => state.includes('"cursor":1')));
    assert.deepEqual(
      seen().filter(({ state }) => state.includes('evil')),
      [],
    );
    assert.deepEqual(
      shown.filter((text) => text.includes('evil')),
      [],
    );
    assert.deepEqual(a.closes, []);
  });

  test(`[SAFE8] M7: nobody speaks for another or for the server on the ${endpoint} endpoint`, async () => {
    const lesson = await attackLesson(lectern);
    const a = yWebsocketClient(lectern.wsUrl, lesson.main, lesson.token(lesson.teacher));
    const b = yWebsocketClient(lectern.wsUrl, lesson.main, lesson.token(lesson.honest));
    await Promise.all([a.synced(), b.synced()]);
    a.awareness.setLocalState({ cursor: 1 });
    const victim = a.awareness.clientID;
    await waitFor(() => b.awareness.getStates().get(victim)?.cursor === 1);
    const server = () => [...b.awareness.getStates()].filter(([, state]) => state.kind === 'server');
    const [serverId] = server()[0]!;
    const changes: unknown[] = [];
    b.provider.awareness.on('change', ({ added, removed }: { added: number[]; removed: number[] }) =>
      changes.push(...[...added, ...removed].filter((id) => id === victim || id === serverId)),
    );
    const forged = JSON.stringify({ evil: true, kind: 'server', cursor: 666 });
    for (const target of [victim, serverId]) {
      for (const state of [forged, 'null']) {
        for (const clock of [0, 50, 2 ** 31, Number.MAX_SAFE_INTEGER]) {
          // As the first thing a socket says, behind its own entry, and together with it.
          const first = await attacker(lesson);
          first.send(awareness([entry(target, clock, state)]));
          const second = await attacker(lesson);
          second.send(awareness([entry(71_000, 1, '{"own":1}')]), awareness([entry(target, clock, state)]));
          const third = await attacker(lesson);
          third.send(awareness([entry(72_000, 1, '{"own":1}'), entry(target, clock, state)]));
          for (const socket of [first, second, third]) {
            const code = await socket.settled();
            assert.ok(code === undefined || code === 1008 || code === 4205, `${code}`);
            socket.ws.terminate();
          }
        }
      }
    }
    // The victim can still be heard, and the server as well.
    a.awareness.setLocalState({ cursor: 2 });
    await waitFor(() => b.awareness.getStates().get(victim)?.cursor === 2, { what: 'the victim to be heard' });
    assert.deepEqual(changes, []);
    assert.equal(server().length, 1);
    await lesson.setMode('free');
    assert.equal(server()[0]![1].mode, 'free');
    assert.ok(!JSON.stringify([...b.awareness.getStates()]).includes('evil'));
    assert.deepEqual([a.closes, b.closes], [[], []]);
  });
}

test('[SAFE7] M6: a socket that says many ids has one', async () => {
  const lesson = await attackLesson(lectern);
  const a = yWebsocketClient(lectern.wsUrl, lesson.main, lesson.token(lesson.teacher));
  await a.synced();
  const socket = await joinRaw(lectern.wsUrl, lesson.main, lesson.token(lesson.student));
  socket.send(awareness([entry(70_000, 1, '{"n":0}')]));
  for (let index = 1; index <= 2_000; index += 1) socket.send(awareness([entry(70_000 + index, 1, evil)]));
  await socket.settled(20_000);
  if (socket.closed === undefined) {
    socket.send(awareness([entry(70_000, 2, '{"n":1}')]));
    await waitFor(() => others(a).some(([, state]) => state.n === 1), { what: 'its own id to be heard' });
  }
  assert.ok(others(a).length <= 1, `${others(a).length} ids`);
});

test('[SAFE9] M6: an update of 20,000 forged clients is refused, and the state vector stays small', async () => {
  const lesson = await attackLesson(lectern);
  const a = yWebsocketClient(lectern.wsUrl, lesson.main, lesson.token(lesson.teacher));
  await a.synced();
  a.text.insert(0, 'sound');
  // It is a sound update but for its size.
  const check = new Y.Doc();
  Y.applyUpdate(check, forgedClients(3));
  assert.equal(check.getText('f:main').toJSON(), 'xxx');
  await waitFor(async () => (await lesson.text()) === 'sound');
  const socket = await joinRaw(lectern.wsUrl, lesson.main, lesson.token(lesson.student));
  socket.send(update(forgedClients(20_000)));
  const code = await socket.closing();
  assert.ok(code === 1008 || code === 4413, `${code}`);
  const late = new Y.Doc();
  const joined = await joinRaw(lectern.wsUrl, lesson.main, lesson.token(lesson.honest));
  for (const part of await joined.join()) Y.applyUpdate(late, part);
  assert.equal(late.getText('f:main').toJSON(), 'sound');
  assert.ok(Y.encodeStateVector(late).length < 1_000);
  assert.deepEqual(a.closes, []);
});

test('[SAFE10] M11: keys that change prototypes give nobody anything', async () => {
  const lesson = await attackLesson(lectern);
  const a = yWebsocketClient(lectern.wsUrl, lesson.main, lesson.token(lesson.teacher));
  const m = yWebsocketClient(lectern.wsUrl, lesson.main, lesson.token(lesson.student));
  await Promise.all([a.synced(), m.synced()]);
  const earlier = await lesson.files();
  for (const key of ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty']) {
    m.doc.getMap('files').set(key, { path: 'evil.py', language: 'python', isAdmin: true });
    m.doc.getMap(key).set('__proto__', { isAdmin: true });
  }
  const nested = new Y.Map();
  m.doc.getMap('files').set('main', nested);
  nested.set('__proto__', { path: 'evil.py' });
  const raw = await joinRaw(lectern.wsUrl, lesson.main, lesson.token(lesson.student));
  const state =
    '{"__proto__":{"role":"owner","isAdmin":true},"constructor":{"prototype":{"isAdmin":true}},"user":{"__proto__":{"role":"owner"},"role":"owner"},"mine":1}';
  raw.send(awareness([entry(70_000, 1, state)]));
  await waitFor(() => others(a).some(([, { mine }]) => mine === 1), { what: 'the state to arrive' });
  const seen = others(a).find(([, { mine }]) => mine === 1)![1] as { user: { role: string; id: string } };
  assert.deepEqual([seen.user.role, seen.user.id], ['student', lesson.student.id]);
  assert.ok(!Object.hasOwn(seen, '__proto__'));
  const plain = {} as Record<string, unknown>;
  assert.deepEqual([plain.isAdmin, plain.role, plain.path], [undefined, undefined, undefined]);
  await waitFor(async () => JSON.stringify(await lesson.files()) === JSON.stringify(earlier), {
    what: 'the files as they were',
  });
  await lectern.restart();
  assert.deepEqual(await lesson.files(), earlier);
});

test('[SAFE8] M7: the id of somebody who is away is kept for them', async () => {
  const lesson = await attackLesson(lectern);
  const a = yWebsocketClient(lectern.wsUrl, lesson.main, lesson.token(lesson.teacher));
  const b = yWebsocketClient(lectern.wsUrl, lesson.main, lesson.token(lesson.honest));
  await Promise.all([a.synced(), b.synced()]);
  a.awareness.setLocalState({ cursor: 1 });
  const victim = a.awareness.clientID;
  const seen = () => b.awareness.getStates().get(victim)?.cursor;
  await waitFor(() => seen() === 1);
  a.provider.disconnect();
  await waitFor(() => seen() === undefined, { what: 'the victim to be away' });
  const shown: unknown[] = [];
  b.provider.awareness.on('change', () => shown.push(seen()));
  for (const clock of [1, 2, 1_000]) {
    const forger = await joinRaw(lectern.wsUrl, lesson.main, lesson.token(lesson.student));
    forger.send(awareness([entry(victim, clock, JSON.stringify({ cursor: 666 }))]));
    await forger.settled();
    // It may hear of it late: presence is gathered.
    forger.send(awareness([entry(victim, clock + 1, JSON.stringify({ cursor: 667 }))]));
    await forger.settled();
  }
  a.provider.connect();
  await waitFor(() => seen() === 1, { what: 'the victim to be back' });
  assert.ok(!shown.includes(666) && !shown.includes(667));
});
