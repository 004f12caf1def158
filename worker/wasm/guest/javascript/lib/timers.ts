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

function earliest(): Timer | undefined {
  let first: Timer | undefined;
  for (const timer of timers.values()) {
    if (first === undefined || timer.due < first.due) first = timer;
  }
  return first;
}

/** The time at which this round of the loop began, and the immediates it still has to run. */
let roundAt = 0;
let round: number[] = [];

/**
 * One step of the event loop: the timers that were due when the round began, then the immediates there are by then, one
 * callback at a time. Returns 0 when there may be more to do at once, the milliseconds until the next timer, or -1 when
 * nothing is left to wait for.
 */
export function turn(): number {
  const next = earliest();
  if (round.length === 0) {
    if (next !== undefined && next.due <= roundAt) {
      if (next.every === null) timers.delete(next.id);
      else next.due = host.now() + next.every;
      next.run();
      return 0;
    }
    round = [...immediates.keys()];
  }
  for (let id = round.shift(); id !== undefined; id = round.shift()) {
    const run = immediates.get(id);
    immediates.delete(id);
    if (run === undefined) continue;
    run();
    return 0;
  }
  roundAt = host.now();
  if (immediates.size > 0 || (next !== undefined && next.due <= roundAt)) return 0;
  if (next === undefined || ![...timers.values()].some((timer) => timer.kept)) return -1;
  return next.due - roundAt;
}

export default { setTimeout, setInterval, setImmediate, clearTimeout, clearInterval, clearImmediate };
