import { existsSync, readFileSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const here = path.dirname(realpathSync(fileURLToPath(import.meta.url)));
const guests = path.join(here, 'guest');
const project = path.join(here, '..', '..');

const packageFolder = (name: string): string => {
  const entry = realpathSync(fileURLToPath(import.meta.resolve(name)));
  return entry.slice(0, entry.lastIndexOf(`${path.sep}${name}${path.sep}`) + name.length + 1);
};

/** A language engine and the process that holds it. */
export type Engine = {
  name: 'javascript' | 'python' | 'bundle';
  main: string;
  args: string[];
  /** The only files the process may open: its own code and that of its engine. */
  readable: string[];
};

const quickjs = packageFolder('quickjs-emscripten');
const pyodide = packageFolder('pyodide');
const beside = (...names: string[]) => names.map((name) => path.join(quickjs, '..', name, '*'));

export const javascriptEngine: Engine = {
  name: 'javascript',
  main: path.join(guests, 'javascript', 'main.ts'),
  args: [],
  readable: [path.join(quickjs, '*'), ...beside('quickjs-emscripten-core', '@jitl')],
};

export const pythonEngine: Engine = {
  name: 'python',
  main: path.join(guests, 'python', 'main.ts'),
  args: [pyodide],
  readable: [path.join(pyodide, '*')],
};

/** Not an engine, but started like one: it prepares the code of the others. */
export const bundleMaker: Engine = {
  name: 'bundle',
  main: path.join(guests, 'make-bundle.ts'),
  args: [],
  readable: [],
};

export const engineOf: Record<string, Engine> = {
  javascript: javascriptEngine,
  typescript: javascriptEngine,
  python: pythonEngine,
};

const quickjsVersion = 'QuickJS 2025-09-13';

/** What is offered, with the version a person would look up in the language's documentation. */
export function offeredLanguages(): { id: string; version: string }[] {
  const lock = JSON.parse(readFileSync(path.join(pyodide, 'pyodide-lock.json'), 'utf8')) as {
    info: { python: string };
  };
  return [
    { id: 'javascript', version: `ES2023 (${quickjsVersion})` },
    { id: 'typescript', version: `types are removed, not checked (${quickjsVersion})` },
    { id: 'python', version: lock.info.python },
  ];
}

/**
 * The command line of an engine's process: Node's permission model without children, threads, addons, writing, and
 * with reading of a few folders only; no code from strings; no more JavaScript heap than an engine needs. Where there is
 * a shell it also raises the stack, so that a program's recursion ends in the engine's own error, forbids core dumps and
 * bounds processor time, which holds even when this process is gone.
 */
export function commandOf(engine: Engine, { bundled = false } = {}): { command: string; args: string[] } {
  const readable = [path.join(guests, '*'), path.join(project, 'package.json'), ...engine.readable];
  const flags = [
    '--permission',
    ...readable.map((pattern) => `--allow-fs-read=${pattern}`),
    '--disallow-code-generation-from-strings',
    '--no-addons',
    '--disable-sigusr1',
    '--disable-warning=ExperimentalWarning',
    '--max-old-space-size=128',
    '--expose-gc',
  ];
  // Bundled, the guest finds its code in a descriptor; else it removes the types itself.
  const main = bundled ? [path.join(guests, 'start.mjs'), pathToFileURL(engine.main).href] : [engine.main];
  const rest = [...main, ...engine.args];
  if (!existsSync('/bin/sh')) return { command: process.execPath, args: [...flags, ...rest] };
  const script = [
    'stack=--stack-size=900',
    'ulimit -s 65500 2>/dev/null && stack=--stack-size=60000',
    'ulimit -c 0 2>/dev/null',
    'ulimit -t 90 2>/dev/null',
    'unset PWD OLDPWD SHLVL _',
    'exec "$0" "$stack" "$@"',
  ].join('\n');
  return { command: '/bin/sh', args: ['-c', script, process.execPath, ...flags, ...rest] };
}
