import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import test, { after, before } from 'node:test';
import { databaseFile } from '#platform/db/database.ts';
import { seedUpdate } from '../../collab/log/seed.ts';
import { skipWithoutBrowser as skip } from '../support/browser.ts';
import { type LessonWindows, startLessonWindows } from './lesson-windows.ts';
import { changeMode, isSaved, replaceAll, savedSays, says, shows, textOf, typeAtEnd } from './windows.ts';

/* Text that its document does not take: what becomes of it. The tests follow each other. */

let lesson: LessonWindows;
const startUp = { timeout: 180_000 };

before(async () => {
  if (skip) return;
  lesson = await startLessonWindows();
}, startUp);
after(async () => {
  await lesson?.close();
});

const dialogOf = () => lesson.student.page.getByRole('dialog', { name: 'Your earlier text' });

test(
  '[WEB26, WEB27] A12: text typed in the dark is not let in by the back door; it is offered, and waits through a reload',
  {
    skip,
    ...startUp,
  },
  async () => {
    const { teacher, student, network, asked } = lesson;
    await changeMode(teacher, /Together/);
    await says(student.page, 'Everyone writes here together.');
    await replaceAll(teacher, 'first = 1\nlast = 9');
    await shows(student, 'first = 1\nlast = 9');
    await network.cut();
    await typeAtEnd(student, '9\nlate = "늦은 글"');
    await changeMode(teacher, /Lecture/);
    await says(teacher.page, 'You write here. Students watch, and can run the code.');
    await typeAtEnd(teacher, '');
    await teacher.page.keyboard.press('ControlOrMeta+Home');
    await teacher.page.keyboard.type('# by the teacher\n');
    await network.restore();

    const dialog = dialogOf();
    await dialog.getByText('late = "늦은 글"').waitFor();
    assert.equal(await dialog.locator('pre').textContent(), 'last = 99\nlate = "늦은 글"');
    assert.equal(await dialog.getByRole('button', { name: 'Put it back' }).count(), 0);
    await dialog.getByText('You cannot write in that document right now.').waitFor();
    await student.picture('recovery-offer');
    await shows(student, '# by the teacher\nfirst = 1\nlast = 9');

    // The class goes on behind it.
    await student.page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await says(student.page, 'Text of yours is in no document and waits for your decision.');
    await student.picture('recovery-later');
    await student.page.reload();
    assert.ok(asked.includes('beforeunload'));
    await dialog.getByText('late = "늦은 글"').waitFor();
    await dialog.getByRole('button', { name: 'Decide later' }).click();
    await shows(student, '# by the teacher\nfirst = 1\nlast = 9');
    assert.doesNotMatch(await textOf(teacher), /late/);
  },
);

test(
  '[WEB26] where its writer may write again, one key puts it back as an edit of theirs, once',
  { skip },
  async () => {
    const { teacher, student } = lesson;
    const dialog = dialogOf();
    await changeMode(teacher, /Together/);
    await says(student.page, 'Everyone writes here together.');
    await student.page.getByRole('button', { name: 'Show it' }).press('Enter');
    const putBack = dialog.getByRole('button', { name: 'Put it back' });
    for (let stops = 0; stops < 9 && !(await putBack.evaluate((at) => at === document.activeElement)); stops += 1) {
      await student.page.keyboard.press('Tab');
    }
    await student.page.keyboard.press('Enter');
    await dialog.waitFor({ state: 'detached' });
    const together = '# by the teacher\nfirst = 1\nlast = 99\nlate = "늦은 글"';
    await shows(student, together);
    await shows(teacher, together);
    // It is an edit like any other of theirs.
    await student.page.keyboard.press('ControlOrMeta+z');
    await shows(teacher, '# by the teacher\nfirst = 1\nlast = 9');
    await student.page.keyboard.press('ControlOrMeta+Shift+z');
    await isSaved(student);
    await student.page.reload();
    await isSaved(student);
    assert.equal(await dialog.count(), 0);
  },
);

test('[WEB27] typing that was not saved when the tab was reloaded is offered when it can be', { skip }, async () => {
  const { teacher, student, network, asked } = lesson;
  await changeMode(teacher, /Practice/);
  await says(student.page, 'This is your own copy. Only you and the teachers see it.');
  await replaceAll(student, 'kept = 1');
  await isSaved(student);
  await network.cut();
  await typeAtEnd(student, '\nunsaved = 2');
  await savedSays(student, 'Not saved yet – offline, your typing is kept here and will be sent');
  asked.length = 0;
  // Leaves all the same, and comes back in this tab when there is a network again.
  const address = student.page.url();
  await student.page.goto('about:blank');
  assert.deepEqual(asked, ['beforeunload']);
  await network.restore();
  await student.page.goto(address);
  const dialog = dialogOf();
  await dialog.getByText('unsaved = 2').waitFor();
  assert.equal(await dialog.locator('pre').textContent(), 'unsaved = 2');
  await dialog.getByRole('button', { name: 'Put it back' }).click();
  await shows(student, 'kept = 1\nunsaved = 2');
  await isSaved(student);
});

test(
  '[WEB28] D15: the document was made anew while its writer was away: no doubled text, theirs is offered',
  {
    skip,
    timeout: 120_000,
  },
  async () => {
    const { teacher, student, network, program } = lesson;
    await replaceAll(student, 'one = 1\ntwo = 2');
    await isSaved(student);
    await network.cut();
    await typeAtEnd(student, '\nthree = 3');
    assert.equal(await program.stop(), 0);
    remakeDocuments(program.dataDir);
    await program.restart();
    await network.restore();

    const dialog = dialogOf();
    await dialog.getByText('three = 3').waitFor();
    assert.equal(await dialog.locator('pre').textContent(), 'one = 1\ntwo = 2\nthree = 3');
    await shows(student, '');
    await dialog.getByRole('button', { name: 'Put it back' }).click();
    await shows(student, 'one = 1\ntwo = 2\nthree = 3');
    await isSaved(student);
    // The teacher had typed into a document that is gone as well.
    await teacher.page
      .getByRole('dialog', { name: 'Your earlier text' })
      .getByRole('button', { name: 'Discard' })
      .click();
    await teacher.page.getByRole('button', { name: /Open the copy of Sam Student/ }).click();
    await shows(teacher, 'one = 1\ntwo = 2\nthree = 3');
  },
);

/** Every document is lost and made anew, empty, in another epoch. */
function remakeDocuments(dataDir: string): void {
  const db = new DatabaseSync(databaseFile(dataDir));
  const documents = db.prepare('select name from documents').all() as { name: string }[];
  db.exec('delete from document_updates');
  db.exec('delete from document_snapshots');
  const epoch = 777;
  db.prepare('update documents set epoch = ?, snapshot = null').run(epoch);
  const insert = db.prepare(
    'insert into document_updates (id, part, document, epoch, user_id, created_at, data) values (?, 0, ?, ?, null, 0, ?)',
  );
  for (const [index, { name }] of documents.entries())
    insert.run(`remade-${index}`, name, epoch, seedUpdate(epoch, 'python'));
  db.close();
}
