import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { skipWithoutBrowser as skip } from '../support/browser.ts';
import { type LessonWindows, startLessonWindows } from './lesson-windows.ts';
import { changeMode, isSaved, replaceAll, savedSays, says, shows, signInOverHttp, typeAtEnd } from './windows.ts';

/* Whole journeys of a student. The tests follow each other. */

let lesson: LessonWindows;
const startUp = { timeout: 180_000 };

before(async () => {
  if (skip) return;
  lesson = await startLessonWindows();
  await changeMode(lesson.teacher, /Together/);
  await says(lesson.student.page, 'Everyone writes here together.');
  await replaceAll(lesson.teacher, '# class');
  await shows(lesson.student, '# class');
}, startUp);
after(async () => {
  await lesson?.close();
});

const tokens = (who: string, from: number, count: number) =>
  Array.from({ length: count }, (_, index) => `${who}${from + index}`);
const wordsOf = (text: string) => text.split(/\s+/).filter((word) => /^[st]\d+$/.test(word));

test(
  '[WEB2, WEB20] N7: on bad Wi-Fi typing goes on, the page says it is not saved, and afterwards all is there once',
  {
    skip,
    timeout: 120_000,
  },
  async () => {
    const { teacher, student, network } = lesson;
    const offline = 'Not saved yet – offline, your typing is kept here and will be sent';
    const typed: string[] = [];
    const bothType = async () => {
      const [mine, theirs] = [tokens('s', typed.length, 4), tokens('t', typed.length, 4)];
      typed.push(...mine, ...theirs);
      await typeAtEnd(student, `\n${mine.join('\n')}`);
      // Elsewhere: at one place Yjs may put a line of the one into an unfinished line of the other.
      await typeAtEnd(teacher, '');
      await teacher.page.keyboard.press('ControlOrMeta+Home');
      await teacher.page.keyboard.type(`${theirs.join('\n')}\n`);
    };
    // A clean break, one that swallows everything without a word, and several short ones.
    for (const outage of ['cut', 'freeze', 'cut', 'cut', 'cut'] as const) {
      await bothType();
      if (outage === 'cut') await network.cut();
      else network.freeze();
      await bothType();
      if (outage === 'cut') await savedSays(student, offline);
      else await savedSays(student, /^Not saved yet – waiting for the server/);
      await bothType();
      await network.restore();
      await isSaved(student);
    }
    await isSaved(teacher);
    // More lines than are drawn at once, so the server is asked.
    assert.deepEqual(wordsOf(await serverText()).toSorted(), typed.toSorted());
    await student.page.reload();
    await student.page.locator('.monaco-editor .view-line').first().waitFor();
    await isSaved(student);
    assert.equal(await student.page.getByRole('dialog').count(), 0);
    assert.deepEqual(wordsOf(await serverText()).toSorted(), typed.toSorted());
  },
);

async function serverText(): Promise<string> {
  const { student, program } = lesson;
  const classroomId = new URL(student.page.url()).pathname.split('/')[2]!;
  const token = await signInOverHttp(program.url, 'instructor@lectern.local');
  const path = `/api/classrooms/${classroomId}/documents/${encodeURIComponent(`c:${classroomId}:main`)}`;
  const answer = await fetch(program.url + path, { headers: { authorization: `Bearer ${token}` } });
  const { files } = (await answer.json()) as { files: { text: string }[] };
  return files[0]!.text;
}

test('[WEB33] who comes late sees the code, the last run and the people at once', { skip, ...startUp }, async () => {
  const { teacher, program, open } = lesson;
  await replaceAll(teacher, 'print("seen by all")');
  await teacher.page.getByRole('button', { name: /^Run/ }).click();
  await teacher.page.getByTestId('stdout').filter({ hasText: 'seen by all' }).waitFor({ timeout: 30_000 });

  const { page } = await open(`${program.url}/join/DEMO`);
  await page.getByRole('button', { name: 'Student 2', exact: true }).click();
  const clicked = Date.now();
  await page.getByText('print("seen by all")').first().waitFor();
  await page.getByTestId('stdout').filter({ hasText: 'seen by all' }).waitFor();
  await page.getByTestId('run-status').filter({ hasText: 'Finished' }).waitFor();
  await page.getByRole('complementary', { name: 'People' }).getByText('Ines Instructor').waitFor();
  // Two seconds are wished for; a machine that runs all the tests at once gets longer.
  const ms = Date.now() - clicked;
  assert.ok(ms < 10_000, `${ms} ms`);
});
