import type { BrowserContextOptions } from 'playwright-core';
import { type BrowserWindow, startBrowser } from '../support/browser.ts';
import { freePort, startProgram, type Program } from '../support/program.ts';
import { openTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { enterDemo } from './windows.ts';

/** The real program with two people in the demo classroom: a teacher, and a student behind a network that can fail. */
export type LessonWindows = {
  program: Program;
  network: TcpProxy;
  teacher: BrowserWindow;
  student: BrowserWindow;
  /** The address the student's windows come by. */
  studentUrl: string;
  /** Kinds of the questions that the browser has asked the student, such as `beforeunload`; all are answered with yes. */
  asked: string[];
  open(home: string, options?: BrowserContextOptions & { tolerates?: RegExp }): Promise<BrowserWindow>;
  close(): Promise<void>;
};

export async function startLessonWindows(
  options: { student?: BrowserContextOptions; prepare?: (student: BrowserWindow) => Promise<void> } = {},
): Promise<LessonWindows> {
  const port = await freePort();
  const network = await openTcpProxy({ host: '127.0.0.1', port });
  const studentUrl = `http://localhost:${network.port}`;
  const env = { ALLOWED_ORIGINS: `http://localhost:${port},${studentUrl}` };
  const [program, browser] = await Promise.all([startProgram({ port, env }), startBrowser()]);
  const [teacher, student] = await Promise.all([
    browser.open(program.url, { tolerates: /net::ERR_|WebSocket/ }),
    browser.open(studentUrl, { tolerates: /net::ERR_|WebSocket/, ...options.student }),
  ]);
  const asked: string[] = [];
  student.page.on('dialog', (dialog) => {
    asked.push(dialog.type());
    void dialog.accept();
  });
  await options.prepare?.(student);
  await enterDemo(teacher, 'Teacher');
  await enterDemo(student, 'Student 1');
  return {
    program,
    network,
    teacher,
    student,
    studentUrl,
    asked,
    open: browser.open,
    async close() {
      await browser.close();
      await network.close();
      await program.destroy();
    },
  };
}
