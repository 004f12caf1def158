import assert from 'node:assert/strict';
import { test } from 'node:test';
import { positionOf } from './position.ts';

/** Runs as `person:state`, in the order in which they came; ids are r0, r1, … */
function positions(...runs: string[]): (number | null)[] {
  const live = runs.map((text, index) => {
    const [person, status = 'queued'] = text.split(':');
    const [user_id, classroom_id = 'c1'] = person!.split('@');
    return { id: `r${index}`, seq: index, user_id: user_id!, classroom_id, status };
  });
  // The order of the rows must not matter.
  return live.map(({ id }) => positionOf(live.toReversed(), id));
}

test('[RUN28] positions go in rounds', () => {
  assert.deepEqual(positions('a'), [1]);
  assert.deepEqual(positions('a', 'a', 'a', 'b'), [1, 3, 4, 2]);
  assert.deepEqual(positions('a', 'b', 'a', 'b', 'c'), [1, 2, 4, 5, 3]);
  assert.deepEqual(positions('a:running', 'a', 'b'), [null, 2, 1]);
  assert.deepEqual(positions('a:compiling', 'a', 'a', 'b:running', 'b'), [null, 1, 3, null, 2]);
  assert.deepEqual(positions('a@c1', 'a@c2', 'a@c1', 'b@c2'), [1, 2, 4, 3]);
});

test('[RUN28] what does not wait has no position', () => {
  assert.equal(positionOf([], 'r'), null);
});
