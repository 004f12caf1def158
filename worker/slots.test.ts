import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { createSlots } from './slots.ts';

test('[WRK5] slots are given out in the order they were asked for, and never more than there are', async () => {
  const slots = createSlots(2);
  const { signal } = new AbortController();
  const order: string[] = [];
  const release: (() => void)[] = [];
  const asked = ['a', 'b', 'c', 'd'].map(async (name) => {
    release.push(await slots.take(signal));
    order.push(name);
  });
  await turn();
  assert.deepEqual(order, ['a', 'b']);
  release[1]!();
  release[1]!();
  await turn();
  assert.deepEqual(order, ['a', 'b', 'c']);
  release[0]!();
  await Promise.all(asked);
  assert.deepEqual(order, ['a', 'b', 'c', 'd']);
});

test('[WRK5] who leaves the line takes no slot', async () => {
  const slots = createSlots(1);
  const first = await slots.take(new AbortController().signal);
  const leaving = new AbortController();
  const left = slots.take(leaving.signal);
  const next = slots.take(new AbortController().signal);
  leaving.abort('cancel');
  await assert.rejects(left, (reason) => reason === 'cancel');
  await assert.rejects(slots.take(leaving.signal), (reason) => reason === 'cancel');
  first();
  (await next)();
});
