import assert from 'node:assert/strict';
import { test } from 'node:test';
import util from 'node:util';

// The library takes what the interpreter is given from outside; of that, stacks alone matter here.
Object.assign(globalThis, { __host: { original: (stack: string) => stack } });
const { format } = await import('./format.ts');
const { inspect } = await import('./inspect.ts');

class Point {
  readonly x = 1;
}
class Point3 extends Point {
  readonly z = 3;
}
class Failure extends Error {
  override readonly name = 'Failure';
  readonly code = 4;
}
const range = (length: number) => Array.from({ length }, (_, index) => index);
const circle: Record<string, unknown> = { a: 1 };
circle['self'] = circle;
const list: unknown[] & { k?: string } = [1, 2];
list.k = 'v';

const values: unknown[] = [
  ...[1, -0, 1.5, 10n, 'a', "it's", 'a\nb\\', true, null, undefined, Symbol('s'), Number.NaN],
  ...[[], {}, [1, 2, 3], ['a', "b'"], { a: 1, b: 'x', 'c-d': [] }, [[[[1]]]], [[[[]]]], { a: { b: { c: { d: 1 } } } }],
  // oxlint-disable-next-line no-sparse-arrays
  ...[[1, , 3], Array.from({ length: 5 }), list, [undefined, null], [['a', 1]]],
  ...[7, 20, 100, 120].map(range),
  range(10).map((n) => `word${n}`),
  range(30).map((n) => 'x'.repeat(n % 9)),
  range(9).map(() => '한글'),
  range(8).map((n) => ({ n })),
  range(8).map((n) => [n, n + 1]),
  ...[
    new Map<unknown, unknown>([
      ['a', 1],
      [{ k: 1 }, [1, 2]],
    ]),
    new Map(),
    new Set([1, 'b']),
    new Set(),
  ],
  ...[new Point(), new Point3(), Object.create(null), Point, Point3, new (class extends Array {})(3)],
  ...[function named() {}, () => {}, async () => {}, function* () {}, Object.assign(() => 1, { a: 1 })],
  ...[circle, [circle], new Date(0), /x/g, new Uint8Array([1, 2]), new Float64Array(3), new WeakMap(), new Number(3)],
  {
    get a() {
      return 1;
    },
    set b(_value: number) {},
    get c() {
      return 1;
    },
    set c(_value: number) {},
  },
  {
    name: 'Kim',
    tags: ['a', 'b'],
    inner: {
      rows: [
        [1, 2, 3],
        [4, 5, 6],
      ],
      when: new Date(0),
    },
  },
  { long: 'a'.repeat(40), longer: 'b'.repeat(40) },
  ['x'.repeat(90), 'y'],
  new Map([['k', new Map([['z', { a: { b: 1 } }]])]]),
  ...[Math, JSON, [1.5, 2.25, -3], [1n, 2n], ['\u0000\u001b'], new Boolean(false), new String('abc')],
];

for (const error of [
  new Error('boom'),
  new TypeError('x', { cause: new Error('y') }),
  new Failure('m'),
  new Error('bare'),
]) {
  error.stack = error.message === 'bare' ? '' : `${error}\n    at f (main.js:1:2)`;
  if (error.cause instanceof Error) error.cause.stack = 'Error: y\n    at g (main.js:3:4)';
  if (error.stack !== '') values.push(error, [error], { error });
}

test('[WRK16] values look as they do in Node', () => {
  for (const value of values) assert.equal(inspect(value), util.inspect(value));
});

test('[WRK16] format directives do what they do in Node', () => {
  const calls: unknown[][] = [
    ['%s is %d', 'x', 3],
    ['a', 'b', { c: 'd' }],
    ['%j %%', { a: 1 }],
    ['%i %f', 3.9, '1.5x'],
    ['100%', 1],
    ['%s'],
    [1, '%s', 'x'],
    ['%s', null],
    ['%s', { a: { b: 1 } }],
    ['%d', 'abc'],
    ['%s %s', 'one'],
    [''],
    [],
  ];
  for (const call of calls) assert.equal(format(...call), util.format(...call));
});
