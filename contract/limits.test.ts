import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { limits } from './limits.ts';

/** Bytes, milliseconds or a count, as the page writes them. */
function inWords(name: string, value: number): string {
  if (name.endsWith('Ms')) return `${value / 1000} s`;
  if (name.endsWith('Seconds')) return `${value} s`;
  if (!name.endsWith('Bytes')) return value.toLocaleString('en-US');
  return value % 1024 ** 2 === 0 ? `${value / 1024 ** 2} MiB` : `${value / 1024} KiB`;
}

test('[CON15] docs/limits.md lists every limit with its value', () => {
  const page = readFileSync(new URL('../docs/limits.md', import.meta.url), 'utf8');
  const listed = [...page.matchAll(/^\| `(\w+)` \| ([^|]+) \|/gm)].map(([, name, value]) => [name, value!.trim()]);
  assert.deepEqual(
    Object.fromEntries(listed),
    Object.fromEntries(Object.entries(limits).map(([name, value]) => [name, inWords(name, value)])),
  );
});
