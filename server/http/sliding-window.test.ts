import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSlidingWindow } from './sliding-window.ts';

test('[HTTP21] a window lets its number through in any stretch of its length', () => {
  let now = 1_000_000;
  const window = createSlidingWindow({ limit: 3, windowMs: 60_000, clock: { now: () => now } });
  for (const _ of [1, 2, 3]) {
    assert.equal(window.waitSeconds('a'), 0);
    window.record('a');
    now += 10_000;
  }
  assert.equal(window.waitSeconds('a'), 30, 'until the first of the three is a minute old');
  assert.equal(window.waitSeconds('b'), 0, 'others do not wait');
  now += 29_000;
  assert.equal(window.waitSeconds('a'), 1);
  now += 1_000;
  assert.equal(window.waitSeconds('a'), 0);
  window.record('a');
  assert.equal(window.waitSeconds('a'), 10, 'until the second one is a minute old');
});

test('[HTTP21] the longest untouched keys are forgotten first', () => {
  const window = createSlidingWindow({ limit: 1, windowMs: 60_000, clock: { now: () => 0 }, maxKeys: 2 });
  window.record('a');
  window.record('b');
  window.record('a');
  window.record('c');
  assert.equal(window.waitSeconds('b'), 0);
  assert.equal(window.waitSeconds('a'), 60);
  assert.equal(window.waitSeconds('c'), 60);
});
