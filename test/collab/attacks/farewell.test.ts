import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { startTestCollab, type TestCollab } from '../../support/collab.ts';
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

test('[SAFE1] a socket of y-websocket cannot let go of its document and stay', async () => {
  const lesson = await attackLesson(lectern);
  const socket = await joinRaw(lectern.wsUrl, lesson.main, lesson.token(lesson.student));
  // The farewell of Hocuspocus, which this protocol does not have.
  socket.ws.send(Uint8Array.of(7), () => {});
  assert.equal(await socket.settled(), 1008);
});
