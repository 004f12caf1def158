import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { type BrowserWindow, skipWithoutBrowser as skip } from '../support/browser.ts';
import { destroyClients, yWebsocketClient } from '../support/clients.ts';
import { call } from '../support/lesson.ts';
import { waitFor } from '../support/wait-for.ts';
import { type LessonWindows, startLessonWindows } from './lesson-windows.ts';
import {
  changeMode,
  enterDemo,
  isSaved,
  replaceAll,
  says,
  shows,
  signInOverHttp,
  textOf,
  typeAtEnd,
} from './windows.ts';

/* Several tabs, tabs in the background, and input methods. The tests follow each other. */

let lesson: LessonWindows;
/** A second tab of the same student, and another student whose tab will be frozen. */
let second: BrowserWindow;
let other: BrowserWindow;
const startUp = { timeout: 180_000 };

before(async () => {
  if (skip) return;
  lesson = await startLessonWindows({
    async prepare({ page }) {
      await page.addInitScript(makeTimersStoppable);
      await page.reload();
    },
  });
  const { teacher, student, studentUrl, open } = lesson;
  other = await open(studentUrl);
  await enterDemo(other, 'Student 2');
  await changeMode(teacher, /Together/);
  await says(student.page, 'Everyone writes here together.');
  await replaceAll(teacher, 'shared = 1');
  await shows(student, 'shared = 1');
}, startUp);
after(async () => {
  destroyClients();
  await lesson?.close();
});

/** In the page: with `stopTimers` set no timer runs, as in a tab in the background, only longer; sockets go on. */
function makeTimersStoppable(): void {
  const page = window as unknown as { stopTimers: boolean; waitingTimers: (() => void)[] };
  page.stopTimers = false;
  page.waitingTimers = [];
  const { setTimeout: later, setInterval: often } = window;
  const wrapped = (handler: TimerHandler, args: unknown[], whenStopped: (run: () => void) => void) => () => {
    const run = () => void (handler as (...given: unknown[]) => void)(...args);
    if (page.stopTimers) whenStopped(run);
    else run();
  };
  window.setTimeout = ((handler: TimerHandler, ms?: number, ...args: unknown[]) =>
    later(
      wrapped(handler, args, (run) => page.waitingTimers.push(run)),
      ms,
    )) as typeof setTimeout;
  window.setInterval = ((handler: TimerHandler, ms?: number, ...args: unknown[]) =>
    often(
      wrapped(handler, args, () => {}),
      ms,
    )) as typeof setInterval;
}

const stopTimers = ({ page }: BrowserWindow) => page.evaluate('stopTimers = true');
const startTimers = ({ page }: BrowserWindow) =>
  page.evaluate('stopTimers = false; for (const run of waitingTimers.splice(0)) run()');

/** Whether the teacher's list says that this person is in the document. */
const isHere = (name: string) =>
  lesson.teacher.page
    .getByRole('complementary', { name: 'People' })
    .getByRole('listitem')
    .filter({ hasText: name })
    .filter({ hasText: /in this document|in main\.py/ })
    .count()
    .then((count) => count > 0);

/** A stock client beside them, which sees each change of awareness and not only what is drawn. */
async function openNeighbour() {
  const { program, student } = lesson;
  const token = await signInOverHttp(program.url, 'instructor@lectern.local');
  const classroomId = new URL(student.page.url()).pathname.split('/')[2]!;
  const path = `/api/classrooms/${classroomId}/collab-token`;
  const collab = await call<{ token: string }>(program.url, 'POST', path, { token });
  const client = yWebsocketClient(program.wsUrl, `c:${classroomId}:main`, collab.token);
  await client.synced();
  return client;
}

/** How many cursors stand in the teacher's editor. */
const cursorsIn = ({ page }: BrowserWindow) =>
  page.evaluate(
    () =>
      new Set(
        [...document.querySelectorAll('.yRemoteSelectionHead')].flatMap((head) =>
          [...head.className.matchAll(/Head-(\d+)/g)].map(([, id]) => id),
        ),
      ).size,
  );

test(
  '[WEB30] N7: two tabs of one person write side by side, with a cursor each, and nothing is doubled',
  {
    skip,
    ...startUp,
  },
  async () => {
    const { teacher, student } = lesson;
    const page = await student.page.context().newPage();
    second = { ...student, page };
    await page.goto(student.page.url());
    await shows(second, 'shared = 1');
    await typeAtEnd(student, '\nfirst_tab = 1');
    await shows(second, 'shared = 1\nfirst_tab = 1');
    await page.bringToFront();
    await typeAtEnd(second, '\nsecond_tab = 2');
    const text = 'shared = 1\nfirst_tab = 1\nsecond_tab = 2';
    await Promise.all([shows(teacher, text), shows(student, text), shows(second, text)]);
    const together = 3;
    await waitFor(async () => (await cursorsIn(teacher)) === together, {
      what: 'a cursor of each tab and of the other student',
    });
    assert.equal(await teacher.page.getByRole('listitem').filter({ hasText: 'Sam Student' }).count(), 1);

    await page.reload();
    await shows(second, text);
    await page.close();
    await waitFor(async () => (await cursorsIn(teacher)) === together - 1, {
      what: 'the cursor of the closed tab to go',
    });
    assert.equal(await isHere('Sam Student'), true);
    await student.page.bringToFront();
  },
);

test(
  '[WEB30] a tab in the background stays in the list; a frozen one comes back by itself; both show everything',
  {
    skip,
    timeout: 180_000,
  },
  async () => {
    const { teacher, student } = lesson;
    await waitFor(async () => (await isHere('Sam Student')) && (await isHere('Toni Student')), {
      what: 'both students',
    });
    const devtools = await other.page.context().newCDPSession(other.page);
    await stopTimers(student);
    await devtools.send('Page.setWebLifecycleState', { state: 'frozen' });
    const neighbour = await openNeighbour();
    const sams = () =>
      [...neighbour.awareness.getStates()]
        .filter(([, { user }]) => (user as { name?: string } | undefined)?.name === 'Sam Student')
        .map(([id]) => id);
    const [sam] = await waitFor(() => sams().length === 1 && sams(), { what: 'Sam in the awareness' });
    let forgotten = 0;
    neighbour.provider.awareness.on('change', ({ removed }: { removed: number[] }) => {
      if (removed.includes(sam!)) forgotten += 1;
    });
    // Others forget after 30 s who says nothing. Nobody types meanwhile: that would make cursors move and so be told.
    for (let seconds = 0; seconds < 45; seconds += 1) {
      assert.equal(await isHere('Sam Student'), true, `after ${seconds} s`);
      await teacher.page.waitForTimeout(1000);
    }
    assert.equal(forgotten, 0);
    neighbour.destroy();
    await typeAtEnd(teacher, '\nmeanwhile = True');
    const text = await waitFor(
      async () => {
        const drawn = await textOf(teacher);
        return drawn.endsWith('meanwhile = True') && drawn;
      },
      { what: 'what the teacher types' },
    );
    // Without a timer or a redraw of its own the background tab has everything already.
    await shows(student, text);
    await startTimers(student);
    await devtools.send('Page.setWebLifecycleState', { state: 'active' });
    await shows(other, text);
    await waitFor(() => isHere('Toni Student'), { withinMs: 20_000, what: 'Toni to be listed again' });
    await typeAtEnd(other, '\nback = True');
    await isSaved(other);
    await typeAtEnd(student, '\nalso = True');
    await isSaved(student);
    await Promise.all([teacher, student, other].map((window) => shows(window, `${text}\nback = True\nalso = True`)));
  },
);

test(
  '[WEB32] Hangul that is being composed arrives whole and once while others type in the same line',
  {
    skip,
    timeout: 60_000,
  },
  async () => {
    const { teacher, student } = lesson;
    await replaceAll(teacher, 'print("")');
    await shows(student, 'print("")');
    await typeAtEnd(student, '');
    await student.page.keyboard.press('ArrowLeft');
    await student.page.keyboard.press('ArrowLeft');
    const keyboard = await student.page.context().newCDPSession(student.page);
    const compose = (text: string) =>
      keyboard.send('Input.imeSetComposition', { text, selectionStart: text.length, selectionEnd: text.length });
    await typeAtEnd(teacher, '');
    await teacher.page.keyboard.press('Home');

    let typed = '';
    let others = '';
    const teacherTypes = async () => {
      const letter = 'abcdefghijklmnopqrstuvwxyz'[others.length % 26]!;
      others += letter;
      await teacher.page.keyboard.type(letter);
      await isSaved(teacher);
    };
    for (const syllables of [
      ['ㅇ', '아', '안'],
      ['ㄴ', '녀', '녕'],
      ['ㅎ', '하'],
      ['ㅅ', '세'],
      ['ㅇ', '요'],
    ]) {
      for (const step of syllables) {
        await compose(step);
        await teacherTypes();
      }
      const last = syllables.at(-1)!;
      typed += last;
      await keyboard.send('Input.insertText', { text: last });
    }
    const expected = `${others}print("${typed}")`;
    await shows(student, expected);
    await shows(teacher, expected);
    await student.page.keyboard.type('!');
    await Promise.all([student, teacher].map((window) => shows(window, `${others}print("${typed}!")`)));
    await isSaved(student);
  },
);

test(
  '[WEB34] two people who type at the same place do not split each other’s words',
  { skip, timeout: 60_000 },
  async () => {
    const { teacher, student } = lesson;
    await replaceAll(teacher, '');
    await shows(student, '');
    await Promise.all([typeAtEnd(teacher, ''), typeAtEnd(student, '')]);
    const words = { teacher: 'teachers_word', student: '학생의_낱말' };
    for (let at = 0; at < 13; at += 1) {
      await teacher.page.keyboard.type(words.teacher[at] ?? '');
      await student.page.keyboard.type(words.student[at] ?? '');
      await isSaved(teacher);
    }
    await isSaved(student);
    const both = [`${words.teacher}${words.student}`, `${words.student}${words.teacher}`];
    for (const window of [teacher, student]) {
      await waitFor(async () => both.includes(await textOf(window)), { what: 'both words' }).catch(async () =>
        assert.fail(await textOf(window)),
      );
    }
    assert.equal(await textOf(teacher), await textOf(student));
  },
);
