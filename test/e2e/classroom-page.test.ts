import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { type BrowserWindow, skipWithoutBrowser as skip, startBrowser, type TestBrowser } from '../support/browser.ts';
import { freePort, startProgram, type Program } from '../support/program.ts';
import { openTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { waitFor } from '../support/wait-for.ts';
import {
  changeMode,
  enterDemo,
  isSaved,
  replaceAll,
  savedSays,
  says,
  shows,
  signInOverHttp,
  textOf,
  typeAtEnd,
} from './windows.ts';

/**
 * Two people and the real program: a teacher at its own address, a student through a network that can fail. The tests
 * follow each other as a lesson does.
 */
let program: Program;
let network: TcpProxy;
let browser: TestBrowser;
let teacher: BrowserWindow;
let student: BrowserWindow;
const windows: BrowserWindow[] = [];

/** The first test waits for the program, which a busy machine starts slowly. */
const startUp = { timeout: 180_000 };

before(async () => {
  if (skip) return;
  const port = await freePort();
  network = await openTcpProxy({ host: '127.0.0.1', port });
  const origins = [port, network.port].map((each) => `http://localhost:${each}`).join();
  [program, browser] = await Promise.all([startProgram({ port, env: { ALLOWED_ORIGINS: origins } }), startBrowser()]);
  [teacher, student] = await Promise.all([
    browser.open(program.url),
    browser.open(`http://localhost:${network.port}`, { colorScheme: 'dark', tolerates: /net::ERR_/ }),
  ]);
  windows.push(teacher, student);
}, startUp);
after(async () => {
  await browser?.close();
  await network?.close();
  await program?.destroy();
});

test(
  '[WEB14] what the teacher types stands in the student’s window, with a cursor that carries the name',
  { skip, ...startUp },
  async () => {
    await enterDemo(teacher, 'Teacher');
    await enterDemo(student, 'Student 1');
    await replaceAll(teacher, '');
    await typeAtEnd(teacher, '# 안녕하세요 👋\nprint("hi")');
    await shows(student, '# 안녕하세요 👋\nprint("hi")');
    const name = await waitFor(
      () =>
        student.page.evaluate(() => {
          const cursor = document.querySelector('.yRemoteSelectionHead');
          return cursor === null ? undefined : getComputedStyle(cursor, '::after').content;
        }),
      { what: 'a remote cursor' },
    );
    assert.match(name, /Instructor/);
    const list = student.page.getByRole('complementary', { name: 'People' });
    await list.getByText(/Instructor/).waitFor();
    await Promise.all([teacher.picture('teacher-lecture'), student.picture('student-lecture')]);
  },
);

test('[WEB15] while the teacher writes, a student’s keys change nothing, and the page says why', { skip }, async () => {
  const text = await textOf(student);
  await typeAtEnd(student, 'x');
  await says(student.page, 'The teacher is writing. You can run the code, but not edit it.');
  await typeAtEnd(teacher, '!');
  await shows(student, `${text}!`);
  await shows(teacher, `${text}!`);
});

test('[WEB1, WEB2] the page says when typing is saved', { skip }, async () => {
  await isSaved(teacher);
  await typeAtEnd(teacher, '\n# more');
  await isSaved(teacher);
  await savedSays(student, 'Live');
});

test('[WEB23] a reader’s window follows the teacher’s cursor until the reader looks elsewhere', { skip }, async () => {
  const lines = Array.from({ length: 120 }, (_, index) => `line_${index + 1} = 0`).join('\n');
  const sees = (line: string) =>
    waitFor(async () => (await textOf(student)).split('\n').includes(line), { withinMs: 10_000, what: line });
  const follow = student.page.getByRole('button', { name: 'Follow the teacher' });
  if ((await follow.getAttribute('aria-pressed')) === 'false') await follow.click();
  await replaceAll(teacher, lines);
  await sees('line_120 = 0');
  await teacher.page.keyboard.press('ControlOrMeta+Home');
  await sees('line_1 = 0');
  await student.page.locator('.monaco-editor .view-lines').hover();
  await student.page.mouse.wheel(0, 10);
  await student.page.getByRole('button', { name: 'Follow the teacher', pressed: false }).waitFor();
  await teacher.page.keyboard.press('ControlOrMeta+End');
  await follow.click();
  await sees('line_120 = 0');
});

test(
  '[WEB16] a run is seen by everybody in the document: status in words, output and errors apart, as text',
  { skip },
  async () => {
    await replaceAll(teacher, 'import sys\nprint("<b>42</b>", input())\nprint("oh", file=sys.stderr)');
    await teacher.page.getByRole('button', { name: 'Input' }).click();
    await teacher.page.getByLabel('Input for the program (stdin)').fill('민지');
    await teacher.page.getByRole('button', { name: /^Run/ }).click();
    for (const { page } of [teacher, student]) {
      await page.getByTestId('run-status').filter({ hasText: 'Finished' }).waitFor({ timeout: 30_000 });
      await page.getByTestId('stdout').filter({ hasText: '<b>42</b> 민지' }).waitFor();
      await page.getByTestId('stderr').filter({ hasText: 'oh' }).waitFor();
      await page.getByRole('heading', { name: 'Error output' }).waitFor();
      assert.equal(await page.locator('.run-output b').count(), 0);
    }
    await teacher.picture('teacher-run');
  },
);

test('[WEB16] Ctrl+Enter runs, and a stopped program says so in words', { skip }, async () => {
  await replaceAll(teacher, 'while True: pass');
  await teacher.page.keyboard.press('ControlOrMeta+Enter');
  await student.page.getByTestId('run-status').filter({ hasText: 'Running…' }).waitFor();
  await teacher.page.getByRole('button', { name: 'Stop' }).click();
  for (const { page } of [teacher, student]) {
    await page.getByTestId('run-status').filter({ hasText: 'Cancelled' }).waitFor();
  }
});

test('[WEB17] undo takes back the own edits and nothing else, after edits of others too', { skip }, async () => {
  await changeMode(teacher, /Together/);
  await says(student.page, 'Everyone writes here together.');
  await replaceAll(teacher, 'print(1)');
  await shows(student, 'print(1)');
  await student.page.locator('.monaco-editor .view-lines').click();
  await student.page.keyboard.press('ControlOrMeta+Home');
  await student.page.keyboard.type('# by the student ');
  await shows(teacher, '# by the student print(1)');
  await teacher.page.waitForTimeout(600); // Yjs takes what is typed within half a second for one step.
  await typeAtEnd(teacher, ' + 2');
  await shows(student, '# by the student print(1) + 2');

  await teacher.page.keyboard.press('ControlOrMeta+z');
  await shows(teacher, '# by the student print(1)');
  await shows(student, '# by the student print(1)');
  await teacher.page.keyboard.press('ControlOrMeta+Shift+z');
  await shows(student, '# by the student print(1) + 2');
  await student.page.keyboard.press('ControlOrMeta+z');
  await shows(teacher, 'print(1) + 2');
  // The browser's own undo, as in its menu.
  await teacher.page.locator('.monaco-editor .view-lines').click();
  await teacher.page.evaluate(() => document.execCommand('undo'));
  const settled = await textOf(teacher);
  await shows(student, settled);
  assert.match(settled, /^(print\(1\)( \+ 2)?)?$/);
});

test('[WEB18] in practice students write in their own copies, and the teacher looks in', { skip }, async () => {
  await changeMode(teacher, /Practice/);
  await says(student.page, 'This is your own copy. Only you and the teachers see it.');
  await replaceAll(student, 'mine = 1');
  // Toni has never been here: there is a copy to look into all the same.
  await teacher.page.getByRole('button', { name: /Open the copy of Toni Student/ }).click();
  await shows(teacher, '');
  await teacher.page.getByRole('button', { name: /Open the copy of Sam Student/ }).click();
  await shows(teacher, 'mine = 1');
  await says(student.page, /Instructor is looking at this copy/);
  await typeAtEnd(teacher, '  # good');
  await shows(student, 'mine = 1  # good');
  await Promise.all([teacher.picture('teacher-in-copy'), student.picture('student-practice')]);
});

test('[WEB19] files are made, renamed and deleted for everybody in the document', { skip }, async () => {
  const { page } = student;
  await page.getByRole('button', { name: 'New file' }).click();
  await page.getByLabel('File name').fill('main.py');
  await page.getByRole('button', { name: 'Create' }).click();
  await page.getByRole('alert').filter({ hasText: 'main.py' }).waitFor();
  await page.getByLabel('File name').fill('helper.py');
  await page.getByRole('button', { name: 'Create' }).click();
  await page.getByRole('tab', { name: 'helper.py', selected: true }).waitFor();
  await teacher.page.getByRole('tab', { name: 'helper.py' }).waitFor();
  await page.getByRole('button', { name: 'Actions for helper.py' }).click();
  await page.getByLabel('File name').fill('tools.py');
  await page.getByRole('button', { name: 'Rename' }).click();
  await teacher.page.getByRole('tab', { name: 'tools.py' }).waitFor();
  await page.getByRole('button', { name: 'Actions for tools.py' }).click();
  await page.getByRole('button', { name: 'Delete' }).click();
  await teacher.page.getByRole('tab', { name: 'tools.py' }).waitFor({ state: 'detached' });
  // The others can hear of it before the answer is here, and the next test cuts the network.
  await page.getByLabel('File name').waitFor({ state: 'detached' });
  await shows(student, 'mine = 1  # good');
});

test(
  '[WEB2, WEB20] offline typing is kept, called unsaved, and handed in when the network is back',
  { skip },
  async () => {
    await network.cut();
    await typeAtEnd(student, '\nin_the_tunnel = True');
    await savedSays(student, 'Not saved yet – offline, your typing is kept here');
    await student.picture('student-offline');
    await network.restore();
    await isSaved(student);
    await shows(teacher, 'mine = 1  # good\nin_the_tunnel = True');
  },
);

test('[WEB10] text typed in the dark that may not be written any more is offered as a copy', { skip }, async () => {
  await changeMode(teacher, /Together/);
  await says(student.page, 'Everyone writes here together.');
  await replaceAll(teacher, 'common = 1');
  await shows(student, 'common = 1');
  await network.cut();
  await typeAtEnd(student, '\nlate = 2');
  await changeMode(teacher, /Lecture/);
  await says(teacher.page, 'You write here. Students watch, and can run the code.');
  await network.restore();
  const dialog = student.page.getByRole('dialog', { name: 'Your earlier text' });
  await dialog.getByText('late = 2').waitFor();
  await student.picture('student-recovery');
  await dialog.getByRole('button', { name: 'Discard' }).click();
  await shows(student, 'common = 1');
  await shows(teacher, 'common = 1');
});

test(
  '[WEB25] a paste that is too large for the server is told, and one click goes back to the saved text',
  { skip },
  async () => {
    await changeMode(teacher, /Practice/);
    await says(student.page, 'This is your own copy. Only you and the teachers see it.');
    const saved = 'mine = 1  # good\nin_the_tunnel = True';
    await shows(student, saved);
    await student.page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await student.page.evaluate((text) => navigator.clipboard.writeText(text), `${'x'.repeat(99)}\n`.repeat(45_000));
    await typeAtEnd(student, '');
    await student.page.keyboard.press('ControlOrMeta+v');
    await says(student.page, /too much at once: the server takes at most 4 MB in one piece/);
    await student.page.getByRole('button', { name: 'Go back to the saved text' }).click();
    const dialog = student.page.getByRole('dialog', { name: 'Your earlier text' });
    await dialog.getByRole('button', { name: 'Discard' }).click();
    await shows(student, saved);
    await isSaved(student);
  },
);

test(
  '[WEB24] when the session ends elsewhere the page asks to sign in again, and what was typed is still there',
  { skip },
  async () => {
    await says(student.page, 'This is your own copy. Only you and the teachers see it.');
    await isSaved(student);
    const headers = { authorization: `Bearer ${await signInOverHttp(program.url, 'student1@lectern.local')}` };
    assert.equal((await fetch(`${program.url}/api/auth/logout-all`, { method: 'POST', headers })).status, 204);
    const dialog = student.page.getByRole('dialog', { name: 'Your session has ended' });
    await dialog.getByLabel('Password').fill('lectern-demo');
    await dialog.getByRole('button', { name: 'Sign in' }).click();
    await dialog.waitFor({ state: 'detached' });
    await typeAtEnd(student, '\nback = True');
    await isSaved(student);
    assert.match(await textOf(student), /in_the_tunnel = True\nback = True$/);
    await changeMode(teacher, /Lecture/);
  },
);

test(
  '[WEB21] a join link leads a newcomer through an account into the class; who is removed is told',
  { skip },
  async () => {
    const newcomer = await browser.open(`${program.url}/join/DEMO`, { locale: 'ko-KR' });
    windows.push(newcomer);
    const { page } = newcomer;
    await page.getByRole('button', { name: '처음이신가요? 계정 만들기' }).click();
    await page.getByLabel('이름').fill('김민지');
    await page.getByLabel('이메일').fill('minji@example.org');
    await page.getByLabel('비밀번호').fill('a long password');
    await page.getByRole('button', { name: '계정 만들기', exact: true }).click();
    await page.locator('.monaco-editor .view-line').first().waitFor();
    await teacher.page.getByText('김민지').first().waitFor();
    await newcomer.picture('newcomer-korean');

    await page.reload();
    await shows(newcomer, 'common = 1');

    const token = await signInOverHttp(program.url, 'instructor@lectern.local');
    const classroomId = new URL(page.url()).pathname.split('/')[2]!;
    const api = `${program.url}/api/classrooms/${classroomId}/members`;
    const headers = { authorization: `Bearer ${token}` };
    const members = (await (await fetch(api, { headers })).json()) as {
      items: { user: { id: string; name: string } }[];
    };
    const { user } = members.items.find((member) => member.user.name === '김민지')!;
    assert.equal((await fetch(`${api}/${user.id}`, { method: 'DELETE', headers })).status, 204);
    await says(page, '더 이상 이 수업의 참여자가 아닙니다');
  },
);

test('[WEB22] nothing is fetched from elsewhere, and no error stands in the console', { skip }, () => {
  // The browser itself logs refusals that tests above ask for: a taken file name, a session that has ended,
  // a classroom that is closed to somebody.
  const expected = /status of 40[149]/;
  const complaints = windows.flatMap((window) => window.complaints).filter((text) => !expected.test(text));
  assert.deepEqual(complaints, []);
});
