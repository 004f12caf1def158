import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { test } from 'node:test';
import { startTestCollab } from '../../support/collab.ts';
import { attackLesson } from './lesson.ts';
import { dropRawSockets, joinRaw } from './raw-socket.ts';

test('[SAFE22] a session that was prolonged while its sockets were open keeps them past its old end', async (t) => {
  const lectern = await startTestCollab();
  t.after(() => lectern.close());
  t.after(dropRawSockets);
  const lesson = await attackLesson(lectern);
  const expiresAt = (at: number) =>
    lectern.db.updateTable('sessions').set({ expires_at: at }).where('id', '=', lesson.student.sessionId).execute();
  const end = Date.now() + 2_000;
  await expiresAt(end);
  const socket = await joinRaw(lectern.wsUrl, lesson.main, lesson.token(lesson.student));
  assert.ok(Date.now() < end, 'the socket was open in time');
  await expiresAt(end + 3_600_000);
  // There is nothing to wait for but the time itself.
  await delay(end - Date.now() + 2_500);
  assert.equal(await socket.settled(), undefined);
});
