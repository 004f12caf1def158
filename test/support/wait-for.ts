import { setTimeout as delay } from 'node:timers/promises';

/**
 * Polls `check` every 10 ms until it gives something other than undefined or false, and resolves to that. Rejects with
 * a message naming `what` after `withinMs` (default 5000), or at once when `check` throws.
 */
export async function waitFor<T>(
  check: () => T | undefined | false | Promise<T | undefined | false>,
  options: { withinMs?: number; what?: string } = {},
): Promise<T> {
  const { withinMs = 5_000, what = 'the condition' } = options;
  const deadline = performance.now() + withinMs;
  for (;;) {
    const value = await check();
    if (value !== undefined && value !== false) return value;
    if (performance.now() >= deadline) throw new Error(`waited ${withinMs} ms in vain for ${what}`);
    await delay(10);
  }
}
