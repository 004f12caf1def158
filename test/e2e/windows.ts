import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import type { BrowserWindow } from '../support/browser.ts';
import { waitFor } from '../support/wait-for.ts';

/* What people do with the page, and what they see. */

/** The text in the editor, as far as it is drawn. */
export const textOf = ({ page }: BrowserWindow) =>
  page.locator('.monaco-editor .view-line').evaluateAll((lines) =>
    lines
      .map((line) => ({ top: Number.parseFloat((line as HTMLElement).style.top), text: line.textContent ?? '' }))
      .toSorted((a, b) => a.top - b.top)
      .map(({ text }) => text.replaceAll('\u00a0', ' '))
      .join('\n'),
  );

/** Waits until the editor shows exactly this. */
export const shows = (window: BrowserWindow, text: string) =>
  waitFor(async () => (await textOf(window)) === text, {
    withinMs: 10_000,
    what: `the text ${JSON.stringify(text)}`,
  }).catch(async (error: unknown) => assert.equal(await textOf(window), text, String(error)));

/** Waits until the page says this somewhere. */
export const says = (page: Page, text: string | RegExp) => page.getByText(text).first().waitFor();
/** Waits until the indicator of what is saved says this. */
export const savedSays = async ({ page }: BrowserWindow, text: string | RegExp) =>
  page.getByTestId('saved').filter({ hasText: text }).waitFor();

/** Waits until everything typed is saved. */
export const isSaved = (window: BrowserWindow) => savedSays(window, /^Saved/);

/** Signs in by the button of a demo login and opens the demo classroom. */
export async function enterDemo({ page }: BrowserWindow, login: string): Promise<void> {
  await page.getByRole('button', { name: login, exact: true }).click();
  await page.getByRole('link', { name: /Demo classroom/ }).click();
  await page.locator('.monaco-editor .view-line').first().waitFor();
}

export async function typeAtEnd({ page }: BrowserWindow, text: string): Promise<void> {
  await page.locator('.monaco-editor .view-lines').click();
  await page.keyboard.press('ControlOrMeta+End');
  await page.keyboard.type(text);
}

export async function replaceAll({ page }: BrowserWindow, text: string): Promise<void> {
  await page.locator('.monaco-editor .view-lines').click();
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.press('Delete');
  await page.keyboard.insertText(text);
}

export const changeMode = ({ page }: BrowserWindow, name: RegExp) => page.getByRole('button', { name }).click();

/** An access token of a demo account. */
export async function signInOverHttp(url: string, email: string): Promise<string> {
  const response = await fetch(`${url}/api/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email, password: 'lectern-demo' }),
  });
  return ((await response.json()) as { accessToken: string }).accessToken;
}
