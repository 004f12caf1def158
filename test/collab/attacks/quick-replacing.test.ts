import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { startTestCollab, type TestCollab } from '../../support/collab.ts';
import { createWriter, update } from './frames.ts';
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

test('[SAFE28] a document that is small takes what is written, however quickly its text was replaced before', async () => {
  const lesson = await attackLesson(lectern);
  const people = [lesson.teacher];
  while (people.length < 5) {
    const assistant = await lectern.user('Assistant');
    await lectern.member(lesson.id, assistant.id, 'assistant');
    people.push(assistant);
  }
  const honest = await joinRaw(lectern.wsUrl, lesson.main, lesson.token(lesson.honest));
  const quick = await Promise.all(people.map((who) => joinRaw(lectern.wsUrl, lesson.main, lesson.token(who))));
  // Within the burst that each person has, and far more than a document may hold, if nothing of it were gone again.
  const writers = quick.map(() => createWriter({ replace: true }));
  const made = Array.from({ length: 110 }, () => writers.map((writer) => update(writer.write('x'.repeat(60_000)))));
  for (const frames of made) for (const [index, frame] of frames.entries()) quick[index]!.send(frame);
  honest.send(update(createWriter().write('honest ')));
  await Promise.all([honest, ...quick].map((socket) => socket.settled(20_000)));
  assert.deepEqual(
    [honest, ...quick].map(({ closed }) => closed),
    [honest, ...quick].map(() => undefined),
  );
  assert.equal((await lesson.text()).length, people.length * 60_000 + 'honest '.length);
});
