import fs from 'node:fs';
import fsPromises from 'node:fs/promises';
import { registerHooks } from 'node:module';
import vm from 'node:vm';

/** What stays on the global object: the language itself and what the engines need while a program runs. */
const kept = new Set([
  ...['Object', 'Function', 'Array', 'Number', 'parseFloat', 'parseInt', 'Infinity', 'NaN', 'undefined', 'Boolean'],
  ...['String', 'Symbol', 'Date', 'Promise', 'RegExp', 'Error', 'AggregateError', 'EvalError', 'RangeError'],
  ...['ReferenceError', 'SyntaxError', 'TypeError', 'URIError', 'globalThis', 'JSON', 'Math', 'Atomics', 'ArrayBuffer'],
  ...['SharedArrayBuffer', 'DataView', 'Uint8Array', 'Int8Array', 'Uint16Array', 'Int16Array', 'Uint32Array'],
  ...['Int32Array', 'Float32Array', 'Float64Array', 'Uint8ClampedArray', 'BigUint64Array', 'BigInt64Array', 'BigInt'],
  ...['Map', 'Set', 'WeakMap', 'WeakSet', 'WeakRef', 'Proxy', 'Reflect', 'FinalizationRegistry', 'Iterator'],
  ...['decodeURI', 'decodeURIComponent', 'encodeURI', 'encodeURIComponent', 'isFinite', 'isNaN', 'WebAssembly'],
  ...['TextDecoder', 'TextEncoder', 'performance', 'DOMException'],
]);

const refuse = (): never => {
  throw new Error('There is nothing here');
};

/**
 * The second line behind the sandbox of the engine, before a program is read: whoever breaks out of WebAssembly finds no
 * `process`, no module to import and no file function in this realm. The first line of this process is Node's
 * permission model and a ban on code from strings, both set on its command line; its walls are the process itself.
 */
export function lockDown(): void {
  registerHooks({ resolve: refuse, load: refuse });
  const silent = Object.fromEntries(Object.keys(console).map((name) => [name, () => {}]));
  for (const module of [fs, fsPromises, fs.promises, vm] as Record<string, unknown>[]) {
    for (const name of Object.keys(module)) Reflect.deleteProperty(module, name);
  }
  for (const name of Reflect.ownKeys(globalThis)) {
    if (typeof name === 'string' && !kept.has(name)) Reflect.deleteProperty(globalThis, name);
  }
  // Engines tell of their own end, which would fill the worker's log, and set an exit code on their way out.
  Object.assign(globalThis, { console: silent, process: { exitCode: 0 } });
}
