import assert from 'node:assert/strict';
import test from 'node:test';
import { idPattern } from '#contract/ids.ts';
import { createNewId } from './ids.ts';

test('[TOK7] an id is 26 characters of the id grammar', () => {
  for (const time of [0, 1, Date.UTC(2026, 10, 21), 2 ** 48 - 1]) {
    const id = createNewId(() => time)();
    assert.match(id, idPattern);
    assert.equal(id.length, 26);
  }
});

test('[TOK8] ids made later sort later, across makers and between milliseconds', () => {
  const times = [1, 2, 31, 32, 1_023, 1_024, 1e9, 1_700_000_000_000, 1_700_000_000_001, 2 ** 45];
  const ids = times.map((time) => createNewId(() => time)());
  assert.deepEqual(ids.toSorted(), ids);
});

test('[TOK9] ids of one maker always grow and never repeat, whatever the clock does', () => {
  const start = 1_700_000_000_000;
  let round = 0;
  // Standing still, going on, and set back by an hour, again and again.
  const newId = createNewId(() => start + (round++ % 1_000 < 700 ? Math.floor(round / 100) : -3_600_000));
  let last = '';
  for (let made = 0; made < 100_000; made += 1) {
    const id = newId();
    assert.ok(id > last, `${id} after ${last}`);
    last = id;
  }
});

test('[TOK10] ids of different makers do not meet', () => {
  const makers = Array.from({ length: 10 }, () => createNewId(() => 1_700_000_000_000));
  const ids = makers.flatMap((newId) => Array.from({ length: 10_000 }, newId));
  assert.equal(new Set(ids).size, 100_000);
});
