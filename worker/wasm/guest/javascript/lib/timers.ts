import { host } from './host.ts';

type Callback = (...args: unknown[]) => void;
type Timer = { id: number; due: number; every: number | null; run: () => void; kept: boolean };

const timers = new Map<number, Timer>();
let lastId = 0;

/** What setTimeout returns in Node: an object that stands for its number. */
export class Timeout {
  readonly #id: number;
  constructor(id: number) {
    this.#id = id;
  }
  ref(): this {
    const timer = timers.get(this.#id);
    if (timer) timer.kept = true;
    return this;
  }
  unref(): this {
    const timer = timers.get(this.#id);
    if (timer) timer.kept = false;
    return this;
  }
  hasRef(): boolean {
    return timers.get(this.#id)?.kept ?? false;
  }
  [Symbol.toPrimitive](): number {
    return this.#id;
  }
}

function start(callback: unknown, delay: unknown, repeat: boolean, args: unknown[]): Timeout {
  if (typeof callback !== 'function') {
    throw new TypeError(`The "callback" argument must be of type function. Received ${typeof callback}`);
  }
  const ms = Number(delay) >= 1 && Number(delay) <= 2_147_483_647 ? Math.trunc(Number(delay)) : 1;
  const id = (lastId += 1);
  const run = () => (callback as Callback)(...args);
  timers.set(id, { id, due: host.now() + ms, every: repeat ? ms : null, run, kept: true });
  return new Timeout(id);
}

export const setTimeout = (callback: unknown, delay?: unknown, ...args: unknown[]) =>
  start(callback, delay, false, args);
export const setInterval = (callback: unknown, delay?: unknown, ...args: unknown[]) =>
  start(callback, delay, true, args);

export function clearTimeout(timer: unknown): void {
  if (timer !== undefined && timer !== null) timers.delete(Number(timer));
}
export const clearInterval = clearTimeout;

const immediates = new Map<number, () => void>();

export function setImmediate(callback: unknown, ...args: unknown[]): Timeout {
  if (typeof callback !== 'function') throw new TypeError('The "callback" argument must be of type function.');
  const id = (lastId += 1);
  immediates.set(id, () => (callback as Callback)(...args));
  return new Timeout(id);
}

export function clearImmediate(immediate: unknown): void {
  if (immediate !== undefined && immediate !== null) immediates.delete(Number(immediate));
}

/**
 * One turn of the event loop: runs the earliest thing that is due. Returns 0 when something ran, the milliseconds until
 * the next timer, or -1 when nothing is left to wait for.
 */
export function turn(): number {
  let next: Timer | undefined;
  for (const timer of timers.values()) {
    if (next === undefined || timer.due < next.due) next = timer;
  }
  const now = host.now();
  if (next !== undefined && next.due <= now) {
    if (next.every === null) timers.delete(next.id);
    else next.due = now + next.every;
    next.run();
    return 0;
  }
  const [first] = immediates;
  if (first !== undefined) {
    immediates.delete(first[0]);
    first[1]();
    return 0;
  }
  if (next === undefined || ![...timers.values()].some((timer) => timer.kept)) return -1;
  return next.due - now;
}

export default { setTimeout, setInterval, setImmediate, clearTimeout, clearInterval, clearImmediate };
