import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { type BrowserContextOptions, chromium, type Page } from 'playwright-core';

/** Chromium as named by CHROMIUM_PATH, or the first one on PATH. */
const chromiumPath = [
  process.env.CHROMIUM_PATH,
  ...(process.env.PATH ?? '')
    .split(path.delimiter)
    .flatMap((dir) => ['chromium', 'chromium-browser', 'google-chrome'].map((name) => path.join(dir, name))),
].find((file) => file !== undefined && file !== '' && existsSync(file));

/** For the `skip` option of a browser test. */
export const skipWithoutBrowser =
  chromiumPath === undefined && 'install Chromium, or set CHROMIUM_PATH, to run this in a browser';

export interface BrowserWindow {
  page: Page;
  /** Console errors, uncaught exceptions, and requests that left the origin `home`; there should be none. */
  complaints: string[];
  /** Writes a picture for people to look at, when SCREENSHOTS_DIR is set. */
  picture(name: string): Promise<void>;
  close(): Promise<void>;
}

export interface TestBrowser {
  /** A window with cookies of its own, as another person's browser. `tolerates`: console errors that belong to the test. */
  open(home: string, options?: BrowserContextOptions & { tolerates?: RegExp }): Promise<BrowserWindow>;
  close(): Promise<void>;
}

/** A real browser, without its own traffic to the internet. */
export async function startBrowser(): Promise<TestBrowser> {
  const browser = await chromium.launch({
    executablePath: chromiumPath!,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
  return {
    async open(home, { tolerates, ...options } = {}) {
      const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
      context.setDefaultTimeout(15_000);
      const page = await context.newPage();
      const complaints: string[] = [];
      const complain = (text: string) => {
        if (tolerates?.test(text) !== true) complaints.push(text);
      };
      page.on('pageerror', (error) => complain(`exception: ${error.stack ?? error.message}`));
      page.on('console', (message) => {
        if (message.type() === 'error') complain(`console: ${message.text()} (${message.location().url})`);
      });
      const { host } = new URL(home);
      const watch = (url: string) => {
        if (/^(?:https?|wss?):/.test(url) && new URL(url).host !== host) complain(`left its origin: ${url}`);
      };
      page.on('request', (request) => watch(request.url()));
      page.on('websocket', (socket) => watch(socket.url()));
      await page.goto(home);
      return {
        page,
        complaints,
        async picture(name) {
          const dir = process.env.SCREENSHOTS_DIR;
          if (dir === undefined || dir === '') return;
          await mkdir(dir, { recursive: true });
          await page.screenshot({ path: path.join(dir, `${name}.png`) });
        },
        close: () => context.close(),
      };
    },
    close: () => browser.close(),
  };
}
