import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import test, { after, before } from 'node:test';
import { databaseFile } from '#platform/db/database.ts';
import { skipWithoutBrowser as skip } from '../support/browser.ts';
import { call } from '../support/lesson.ts';
import { type LessonWindows, startLessonWindows } from './lesson-windows.ts';
import { putSocketDoctor, type SocketDoctor } from './socket-doctor.ts';
import { changeMode, isSaved, replaceAll, savedSays, says, shows, signInOverHttp, typeAtEnd } from './windows.ts';

/* What the page says and does when its socket or the server's storage fails. The tests follow each other. */

let lesson: LessonWindows;
let doctor: SocketDoctor;
const startUp = { timeout: 180_000 };

before(async () => {
  if (skip) return;
  lesson = await startLessonWindows({
    async prepare({ page }) {
      doctor = await putSocketDoctor(page);
      await page.reload();
    },
  });
  await changeMode(lesson.teacher, /Together/);
  await says(lesson.student.page, 'Everyone writes here together.');
  await replaceAll(lesson.teacher, 'a = 1');
  await shows(lesson.student, 'a = 1');
}, startUp);
after(async () => {
  await lesson?.close();
});

const slowStorage = 'Not saved yet – the server’s storage is slow; it keeps your typing until it can store it';

test(
  '[WEB29] while the database takes nothing the page says so, typing reaches the others, and is saved afterwards',
  {
    skip,
    ...startUp,
  },
  async () => {
    const { teacher, student, program, asked } = lesson;
    const lock = new DatabaseSync(databaseFile(program.dataDir));
    lock.exec('begin immediate');
    try {
      await typeAtEnd(student, '\nb = 2');
      await savedSays(student, slowStorage);
      await shows(teacher, 'a = 1\nb = 2');
      await student.picture('saved-buffering');
    } finally {
      lock.exec('rollback');
      lock.close();
    }
    await isSaved(student);
    assert.deepEqual(asked, []);
  },
);

test('[WEB29] a server that can take nothing makes the document read-only, and says so', { skip }, async () => {
  const { teacher, student } = lesson;
  doctor.sayLog('full');
  await savedSays(student, 'Read-only – the server cannot store anything right now');
  await typeAtEnd(student, 'x');
  await says(student.page, 'The server cannot store anything right now, so editing waits.');
  await student.picture('saved-full');
  doctor.sayLog(undefined);
  await isSaved(student);
  await typeAtEnd(student, '\nc = 3');
  await shows(teacher, 'a = 1\nb = 2\nc = 3');
  await isSaved(student);
});

const retried = [
  [4500, 'the server cannot open this document right now', 'd4500'],
  [1013, 'the connection is too slow to keep up', 'd1013'],
  [1012, 'the server is restarting', 'd1012'],
] as const;
for (const [code, why, name] of retried) {
  test(
    `[WEB29, WEB31] after ${code} the page says why, keeps what is typed, and comes back by itself`,
    { skip },
    async () => {
      const { teacher, student } = lesson;
      doctor.closeNew(code);
      await doctor.closeAll(code);
      await savedSays(student, new RegExp(`^${why} – reconnecting…`, 'i'));
      await typeAtEnd(student, `\n${name} = 1`);
      await savedSays(student, `Not saved yet – ${why}, your typing is kept here and will be sent`);
      doctor.closeNew(undefined);
      await isSaved(student);
      await teacher.page.getByText(`${name} = 1`).waitFor();
    },
  );
}

test('[WEB31] a document that cannot be opened at first says so, and opens when it can', { skip }, async () => {
  const { student } = lesson;
  doctor.closeNew(4500);
  await student.page.reload();
  await says(student.page, 'The server cannot open this document right now. Trying again by itself…');
  await student.picture('cannot-load');
  doctor.closeNew(undefined);
  await isSaved(student);
  await student.page.getByText('d1012 = 1').waitFor();
});

test(
  '[WEB31] after 4401 the page takes one new token by itself; when that is refused too it asks to sign in',
  {
    skip,
  },
  async () => {
    const { teacher, student } = lesson;
    let tokens = 0;
    student.page.on('request', (request) => {
      if (request.url().endsWith('/collab-token')) tokens += 1;
    });
    const dialog = student.page.getByRole('dialog', { name: 'Your session has ended' });
    await doctor.closeAll(4401);
    await isSaved(student);
    await typeAtEnd(student, '\ne = 5');
    await isSaved(student);
    assert.equal(tokens, 1);

    tokens = 0;
    doctor.closeNew(4401);
    await doctor.closeAll(4401);
    await dialog.waitFor();
    assert.equal(tokens, 1);
    doctor.closeNew(undefined);
    await dialog.getByLabel('Password').fill('lectern-demo');
    await dialog.getByRole('button', { name: 'Sign in' }).click();
    await dialog.waitFor({ state: 'detached' });
    await typeAtEnd(student, '\nf = 6');
    await isSaved(student);
    await teacher.page.getByText('f = 6').waitFor();
  },
);

const closedDoors = [
  [4404, 'This document does not exist any more. What you see here is not saved.', 'g4404'],
  [4403, 'The server does not let this document in right now.', 'g4403'],
] as const;
for (const [code, sentence, name] of closedDoors) {
  test(
    `[WEB31] after ${code} the page says so, keeps what was typed, and tries again when asked to`,
    {
      skip,
    },
    async () => {
      const { teacher, student } = lesson;
      doctor.closeNew(code);
      await doctor.closeAll(code);
      await typeAtEnd(student, `\n${name} = 1`);
      await student.page.getByRole('alert').filter({ hasText: sentence }).waitFor();
      await savedSays(student, 'Not saved – see below');
      await student.picture(`closed-${code}`);
      doctor.closeNew(undefined);
      await student.page.getByRole('button', { name: 'Try again' }).click();
      await isSaved(student);
      await teacher.page.getByText(`${name} = 1`).waitFor();
    },
  );
}

test('[WEB27, WEB31] who is removed while offline is told, and gets what they had typed', { skip }, async () => {
  const { student, network, program } = lesson;
  const { page } = student;
  const token = await signInOverHttp(program.url, 'instructor@lectern.local');
  const classroomId = new URL(page.url()).pathname.split('/')[2]!;
  const members = `/api/classrooms/${classroomId}/members`;
  const { items } = await call<{ items: { user: { id: string; name: string } }[] }>(program.url, 'GET', members, {
    token,
  });
  const { user } = items.find((member) => member.user.name === 'Sam Student')!;
  await network.cut();
  await typeAtEnd(student, '\nremoved = True');
  await savedSays(student, 'Not saved yet – offline, your typing is kept here and will be sent');
  await call(program.url, 'DELETE', `${members}/${user.id}`, { token, status: 204 });
  await network.restore();
  const dialog = page.getByRole('dialog', { name: 'Your earlier text' });
  await dialog.getByText('removed = True').waitFor();
  await says(page, 'You are not in this classroom any more');
  await student.picture('removed-with-text');
  await page.reload();
  await dialog.getByText('removed = True').waitFor();
  await dialog.getByRole('button', { name: 'Discard' }).click();
  await says(page, 'There is no such classroom for you');
});
