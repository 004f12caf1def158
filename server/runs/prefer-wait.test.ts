import assert from 'node:assert/strict';
import { test } from 'node:test';
import { preferredWaitSeconds } from './prefer-wait.ts';

test('[RUN26] reading the preference', () => {
  const cases: [string | undefined, number][] = [
    [undefined, 0],
    ['wait=10', 10],
    ['Wait = 5', 5],
    ['respond-async, wait=7', 7],
    ['respond-async; x=1, wait="8"; y', 8],
    ['wait=30', 30],
    ['wait=31', 30],
    ['wait=999999999', 30],
    ['wait=0', 0],
    ['wait', 0],
    ['wait=', 0],
    ['wait=-1', 0],
    ['wait=1.5', 0],
    ['wait=ten', 0],
    ['await=10', 0],
    ['wait=99999999999999999999', 0],
  ];
  for (const [prefer, seconds] of cases) assert.equal(preferredWaitSeconds({ headers: { prefer } }), seconds, prefer);
});
