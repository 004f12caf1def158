import { inspect } from './inspect.ts';

export class AssertionError extends Error {
  override readonly name = 'AssertionError';
  readonly code = 'ERR_ASSERTION';
}

function check(condition: unknown, message: unknown, fallback: string): asserts condition {
  if (condition) return;
  if (message instanceof Error) throw message;
  throw new AssertionError(typeof message === 'string' ? message : fallback);
}

function same(left: unknown, right: unknown): boolean {
  if (Object.is(left, right)) return true;
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false;
  if (Object.getPrototypeOf(left) !== Object.getPrototypeOf(right)) return false;
  if (left instanceof Date) return left.getTime() === (right as Date).getTime();
  if (left instanceof Map || left instanceof Set) return same([...left], [...(right as Map<unknown, unknown>)]);
  if (left instanceof Error && left.message !== (right as Error).message) return false;
  const keys = Object.keys(left);
  if (keys.length !== Object.keys(right).length) return false;
  return keys.every(
    (key) =>
      Object.hasOwn(right, key) &&
      same((left as Record<string, unknown>)[key], (right as Record<string, unknown>)[key]),
  );
}

const differ = (what: string, actual: unknown, expected: unknown) =>
  `Expected values to be ${what}:\n\n${inspect(actual)} !== ${inspect(expected)}\n`;

function assert(value: unknown, message?: unknown): void {
  check(value, message, 'The expression evaluated to a falsy value');
}

const equal = (actual: unknown, expected: unknown, message?: unknown) =>
  check(Object.is(actual, expected), message, differ('strictly equal', actual, expected));
const notEqual = (actual: unknown, expected: unknown, message?: unknown) =>
  check(!Object.is(actual, expected), message, differ('different', actual, expected));
const deepEqual = (actual: unknown, expected: unknown, message?: unknown) =>
  check(same(actual, expected), message, differ('strictly deep-equal', actual, expected));
const notDeepEqual = (actual: unknown, expected: unknown, message?: unknown) =>
  check(!same(actual, expected), message, differ('different', actual, expected));

function throws(block: () => unknown, message?: unknown): void {
  try {
    block();
  } catch {
    return;
  }
  check(false, message, 'Missing expected exception.');
}

async function rejects(block: Promise<unknown> | (() => Promise<unknown>), message?: unknown): Promise<void> {
  try {
    await (typeof block === 'function' ? block() : block);
  } catch {
    return;
  }
  check(false, message, 'Missing expected rejection.');
}

const fail = (message?: unknown) => check(false, message, 'Failed');

const all = {
  AssertionError,
  ok: assert,
  equal,
  strictEqual: equal,
  notEqual,
  notStrictEqual: notEqual,
  deepEqual,
  deepStrictEqual: deepEqual,
  notDeepStrictEqual: notDeepEqual,
  throws,
  rejects,
  fail,
};
export default Object.assign(assert, all, { strict: Object.assign(assert, all) });
