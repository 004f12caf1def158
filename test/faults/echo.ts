import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { StockClient } from '../support/clients.ts';
import type { Writer } from '../support/token-checker.ts';
import { waitFor } from '../support/wait-for.ts';

/** Echo times in ms of `count` tokens, one after the other: from typing until the reader has it. */
export async function measureEcho(writer: Writer, reader: StockClient, count: number, pauseMs = 20): Promise<number[]> {
  const times: number[] = [];
  const arrivals = new Map<string, number>();
  const listen = (event: { delta: { insert?: unknown }[] }) => {
    for (const { insert } of event.delta) {
      if (typeof insert !== 'string') continue;
      for (const token of insert.match(/<[0-9a-z]{8}>/g) ?? []) arrivals.set(token, performance.now());
    }
  };
  reader.text.observe(listen);
  for (let index = 0; index < count; index += 1) {
    const startedAt = performance.now();
    const token = writer.type();
    await waitFor(() => arrivals.has(token), { withinMs: 20_000, what: 'the echo' });
    times.push(arrivals.get(token)! - startedAt);
    await delay(pauseMs);
  }
  reader.text.unobserve(listen);
  return times;
}

export function percentile(times: readonly number[], part: number): number {
  const value = times.toSorted((a, b) => a - b)[Math.min(times.length - 1, Math.floor(times.length * part))]!;
  return Math.round(value * 10) / 10;
}

/** `p50/p95` in ms. */
export const showEcho = (times: readonly number[]): string => `${percentile(times, 0.5)}/${percentile(times, 0.95)}`;

/**
 * Fails when the echo during a fault was much slower than around it. The middle is compared, and generously: whatever else
 * the machine does shows in the tail, and a fault that reaches the echo adds hundreds of milliseconds.
 */
export function assertEchoUnharmed(around: readonly number[][], during: readonly number[]): void {
  const usual = Math.max(...around.map((times) => percentile(times, 0.5)));
  const middle = percentile(during, 0.5);
  assert.ok(middle <= 1.5 * usual + 100, `echo p50 ${usual} ms around the fault and ${middle} ms during it`);
}

/** What the server says of its log in a client's awareness; undefined while it says nothing. */
export function logState(client: StockClient): string | undefined {
  const state = [...client.awareness.getStates().values()].find(({ kind }) => kind === 'server');
  return state?.log as string | undefined;
}
