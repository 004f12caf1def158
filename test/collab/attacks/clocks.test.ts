import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import * as encoding from 'lib0/encoding';
import { startTestCollab, type TestCollab } from '../../support/collab.ts';
import { waitFor } from '../../support/wait-for.ts';
import { awareness, awarenessOf, encode, readEntries } from './frames.ts';
import { attackLesson } from './lesson.ts';
import { dropRawSockets, joinRaw } from './raw-socket.ts';

let lectern: TestCollab;
before(async () => {
  lectern = await startTestCollab();
});
afterEach(dropRawSockets);
after(async () => {
  await lectern.close();
});

const entry = (clientId: number, clock: number, state: string) => ({ clientId, clock, state });
/** More than 2^53: lib0 writes it, and nothing of JavaScript counts on from there. */
const beyond = encode((encoder) => {
  encoding.writeVarUint(encoder, 1);
  encoding.writeVarUint(encoder, 70_001);
  encoding.writeUint8Array(encoder, Uint8Array.of(0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20));
  encoding.writeVarString(encoder, '{"evil":true}');
});

test('[SAFE7] M6: a clock beyond 2^53 is refused and seen by nobody', async () => {
  const lesson = await attackLesson(lectern);
  for (const hocuspocus of [false, true]) {
    const watcher = await joinRaw(lectern.wsUrl, lesson.main, lesson.token(lesson.honest));
    const socket = await joinRaw(lectern.wsUrl, lesson.main, lesson.token(lesson.student), { hocuspocus });
    socket.send(awarenessOf(beyond));
    assert.equal(await socket.settled(), 1008);
    await watcher.settled();
    const heard = watcher.heard.flatMap((said) => (said.type === 'awareness' ? readEntries(said.payload) : []));
    assert.ok(!heard.some(({ state }) => state.includes('evil')));
    watcher.ws.terminate();
  }
});

test('[SAFE8] M6: the highest clock there is leaves no entry behind that the others cannot read', async () => {
  const lesson = await attackLesson(lectern);
  const watcher = await joinRaw(lectern.wsUrl, lesson.main, lesson.token(lesson.honest));
  const entries = () => watcher.heard.flatMap((said) => (said.type === 'awareness' ? readEntries(said.payload) : []));
  for (const clock of [2 ** 32, Number.MAX_SAFE_INTEGER - 1, Number.MAX_SAFE_INTEGER]) {
    const id = 80_000 + (clock % 1_000);
    const socket = await joinRaw(lectern.wsUrl, lesson.main, lesson.token(lesson.student));
    socket.send(awareness([entry(id, clock, '{"mine":1}')]));
    await socket.settled();
    socket.ws.terminate();
    // Comes back under the same id, as a client does whose network was away.
    const again = await joinRaw(lectern.wsUrl, lesson.main, lesson.token(lesson.student));
    again.send(awareness([entry(id, clock, '{"mine":2}')]));
    await again.settled();
    again.ws.terminate();
  }
  const last = await joinRaw(lectern.wsUrl, lesson.main, lesson.token(lesson.student));
  last.send(awareness([entry(90_000, 1, '{"mine":"last"}')]));
  // Throws where a number is beyond what lib0 reads, as it would in every stock client of the room.
  await waitFor(() => entries().some(({ state }) => state.includes('last')), { what: 'the last one to be heard' });
});
