import assert from 'node:assert/strict';
import test from 'node:test';
import { changesThatPutBack, missingText } from '../src/document/put-back.ts';

function putBack(earlier: string, now: string): string {
  return changesThatPutBack(earlier, now).reduce(
    (text, { at, remove, text: insert }) => text.slice(0, at) + insert + text.slice(at + remove),
    now,
  );
}

test('[WEB26] only the lines that are missing are offered, and put back where they were', () => {
  const cases: [earlier: string, now: string, missing: string, together: string][] = [
    ['a\nb\nc', 'a\nb\nc', '', 'a\nb\nc'],
    ['common = 1\nlate = 2', 'common = 1', 'late = 2', 'common = 1\nlate = 2'],
    ['first\ncommon', 'common', 'first', 'first\ncommon'],
    ['a\nmine\nb', 'a\nb', 'mine', 'a\nmine\nb'],
    ['mine', '', 'mine', 'mine'],
    ['mine\ntoo', '', 'mine\ntoo', 'mine\ntoo'],
    // Typed into a line that is still there: the line is not doubled.
    ['print(1)', 'print()', 'print(1)', 'print(1)'],
    ['x = 12\ny = 3', 'x = 1\ny = 3', 'x = 12', 'x = 12\ny = 3'],
    // What others have written meanwhile stays.
    ['a\nmine\nb', 'a\ntheirs\nb', 'mine', 'a\ntheirs\nmine\nb'],
    ['a\nb', 'a\nb\ntheirs', '', 'a\nb\ntheirs'],
    ['1\nmine\n2\nalso mine', '0\n1\n2\n3', 'mine\n…\nalso mine', '0\n1\nmine\n2\n3\nalso mine'],
    ['가나\n다라', '가나', '다라', '가나\n다라'],
    // Nothing but empty lines is nothing to give back.
    ['a\n\n\nb', 'a\nb', '', 'a\nb'],
  ];
  for (const [earlier, now, missing, together] of cases) {
    assert.equal(missingText(earlier, now), missing, JSON.stringify([earlier, now]));
    assert.equal(putBack(earlier, now), together, JSON.stringify([earlier, now]));
    assert.equal(putBack(earlier, together), together, `once more: ${JSON.stringify([earlier, now])}`);
  }
});

test('[WEB26] a very long text is put back too, with every line of the present one kept', () => {
  const lines = (name: string) => Array.from({ length: 40_000 }, (_, index) => `${name} ${index}`);
  const [mine, theirs] = [lines('mine'), lines('theirs')];
  const together = putBack(['x', ...mine].join('\n'), ['x', ...theirs].join('\n')).split('\n');
  assert.deepEqual(together, ['x', ...theirs, ...mine]);
});

test('[WEB26] whatever two texts are, no line of either is lost', () => {
  let seed = 7;
  const random = (below: number) => (seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31) % below;
  for (let round = 0; round < 2000; round += 1) {
    const make = () => Array.from({ length: random(7) }, () => 'abcd'[random(4)]!.repeat(1 + random(2)));
    const [earlier, now] = [make(), make()];
    const together = putBack(earlier.join('\n'), now.join('\n')).split('\n');
    for (const line of [...earlier, ...now]) {
      assert.ok(
        together.some((other) => other.includes(line)),
        JSON.stringify({ earlier, now, together }),
      );
    }
  }
});
