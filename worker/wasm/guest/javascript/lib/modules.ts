import assert from './assert.ts';
import events from './events.ts';
import fs from './fs.ts';
import fsPromises from './fs-promises.ts';
import { host } from './host.ts';
import process from './process.ts';
import readline from './readline.ts';
import readlinePromises from './readline-promises.ts';
import timers from './timers.ts';
import timersPromises from './timers-promises.ts';
import util from './util.ts';

const builtins: Record<string, unknown> = {
  'node:assert': assert,
  'node:events': events,
  'node:fs': fs,
  'node:fs/promises': fsPromises,
  'node:process': process,
  'node:readline': readline,
  'node:readline/promises': readlinePromises,
  'node:timers': timers,
  'node:timers/promises': timersPromises,
  'node:util': util,
};

type Module = { exports: unknown; filename: string; loaded: boolean };
const loaded = new Map<string, Module>();

function load(path: string): unknown {
  if (path in builtins) return builtins[path];
  const known = loaded.get(path);
  if (known !== undefined) return known.exports;
  const module: Module = { exports: {}, filename: path, loaded: false };
  loaded.set(path, module);
  try {
    if (path.endsWith('.json')) module.exports = JSON.parse(host.file(path)!);
    else host.compile(path).call(module.exports, module.exports, createRequire(path), module, path, folderOf(path));
  } catch (error) {
    loaded.delete(path);
    throw error;
  }
  module.loaded = true;
  return module.exports;
}

export const folderOf = (path: string) => path.slice(0, Math.max(0, path.lastIndexOf('/'))) || '.';

/** `require` as the file `from` sees it. */
export function createRequire(from: string): (request: string) => unknown {
  const resolve = (request: string) => host.resolve(request, from);
  return Object.assign((request: string) => load(resolve(request)), { resolve });
}

/** The names a CommonJS or JSON file exports, as JSON; running it is the only way to know them. */
export function exportNames(path: string): string {
  const exports = load(path);
  const names = typeof exports === 'object' && exports !== null ? Object.keys(exports) : [];
  return JSON.stringify(names.filter((name) => /^[A-Za-z_$][\w$]*$/.test(name) && name !== 'default'));
}
