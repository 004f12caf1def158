import { console } from './console.ts';
import { host } from './host.ts';
import { inspect } from './inspect.ts';
import { createRequire, exportNames, folderOf } from './modules.ts';
import { write } from './output.ts';
import process from './process.ts';
import * as timers from './timers.ts';

function clone(value: unknown, seen = new Map<unknown, unknown>()): unknown {
  if (typeof value === 'function' || typeof value === 'symbol') {
    throw new TypeError(`${String(value)} could not be cloned.`);
  }
  if (typeof value !== 'object' || value === null) return value;
  if (seen.has(value)) return seen.get(value);
  const keep = <T>(copy: T): T => {
    seen.set(value, copy);
    return copy;
  };
  if (value instanceof Date) return keep(new Date(value));
  if (value instanceof RegExp) return keep(new RegExp(value));
  if (value instanceof Map) {
    const copy = keep(new Map<unknown, unknown>());
    value.forEach((item, key) => copy.set(clone(key, seen), clone(item, seen)));
    return copy;
  }
  if (value instanceof Set) {
    const copy = keep(new Set<unknown>());
    value.forEach((item) => copy.add(clone(item, seen)));
    return copy;
  }
  const copy = keep((Array.isArray(value) ? [] : {}) as Record<string, unknown>);
  for (const [key, item] of Object.entries(value)) copy[key] = clone(item, seen);
  return copy;
}

const globals: Record<string, unknown> = {
  global: globalThis,
  console,
  process,
  performance: { now: () => host.now(), timeOrigin: 0 },
  structuredClone: (value: unknown) => clone(value),
  queueMicrotask: (callback: () => void) => void Promise.resolve().then(callback),
  setTimeout: timers.setTimeout,
  setInterval: timers.setInterval,
  setImmediate: timers.setImmediate,
  clearTimeout: timers.clearTimeout,
  clearInterval: timers.clearInterval,
  clearImmediate: timers.clearImmediate,
};
for (const [name, value] of Object.entries(globals)) {
  Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false });
}

/** What every program finds: its arguments, and what a CommonJS entry takes for granted. */
export function begin(): void {
  const entry = host.entry();
  process.argv = ['node', `/program/${entry}`, ...(JSON.parse(host.args()) as string[])];
  const module = { exports: {} };
  const given = {
    require: createRequire(entry),
    module,
    exports: module.exports,
    __filename: entry,
    __dirname: folderOf(entry),
  };
  for (const [name, value] of Object.entries(given)) {
    Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false });
  }
}

/** The line an error comes from, with the line itself, as Node shows it above an uncaught error. */
function place(error: unknown): string {
  const stack = error instanceof Error ? host.original(String(error.stack)) : '';
  for (const [, file, line, column] of stack.matchAll(/([^\s(]+?):(\d+)(?::(\d+))?\)?$/gm)) {
    const text = host.file(file!)?.split('\n')[Number(line) - 1];
    if (text === undefined) continue;
    const indentation = text.slice(0, Number(column ?? 1) - 1).replace(/[^\t]/g, ' ');
    return `${file}:${line}\n${text}\n${indentation}^\n\n`;
  }
  return '';
}

/** Shows an error nobody caught. True when a listener of `uncaughtException` took it. */
export function uncaught(error: unknown): boolean {
  if (process.emit('uncaughtException', error)) return true;
  let text: string;
  try {
    text = error instanceof Error ? place(error) + inspect(error) : `Uncaught ${inspect(error)}`;
  } catch {
    // The program has changed what showing a value needs.
    text = `Uncaught ${String(error)}\n${error instanceof Error ? error.stack : ''}`;
  }
  write('stderr', `${text}\n`);
  return false;
}

export const exit = (code?: number) => process.exit(code);
export const { turn } = timers;
export { exportNames };
