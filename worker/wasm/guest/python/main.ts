import fs, { fstatSync, readSync, writeSync } from 'node:fs';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { finish, guestFd, measureFromHere, readProgram, send, tick, write } from '../channel.ts';
import { lockDown } from '../lockdown.ts';
import { limitMemory } from '../memory.ts';
import { limitDisk } from './disk.ts';
import { gateImports, type Engine } from './imports.ts';

const [, , folder = '', mode = 'boot'] = process.argv;

/** Imported ahead of programs, into the snapshot: what a class uses most. */
const common = `bisect calendar cmath collections copy csv dataclasses datetime decimal enum fractions functools heapq
  itertools json math operator pprint queue random re statistics string textwrap threading time timeit typing unittest
  uuid`;

// Written down here, because Pyodide's own types bring those of the browser into the whole project.
type Pyodide = {
  FS: { mkdirTree(path: string): void; writeFile(path: string, content: string): void };
  _api: { config: Options };
  _module: Engine & Record<string, unknown>;
  makeMemorySnapshot(): Uint8Array;
  pyimport(name: string): unknown;
  runPython(code: string, options?: { globals: unknown }): unknown;
  setStdin(options: { read(buffer: Uint8Array): number }): void;
  toPy(value: unknown): unknown;
};
type Options = { _makeSnapshot?: boolean; _loadSnapshot?: Uint8Array };

function readSnapshot(): Uint8Array {
  const bytes = new Uint8Array(fstatSync(guestFd.made).size);
  for (let offset = 0; offset < bytes.length;) {
    // Always by position: the descriptor is shared with other guests.
    const count = readSync(guestFd.made, bytes, offset, bytes.length - offset, offset);
    if (count === 0) throw new Error('The snapshot is cut short');
    offset += count;
  }
  return bytes;
}

async function boot(options: Options): Promise<Pyodide> {
  // Refused under the permission model; Emscripten asks it for the numbers of file flags only.
  Object.assign(process, { binding: () => ({ fs: fs.constants }) });
  const module = (await import(pathToFileURL(`${folder}/pyodide.mjs`).href)) as {
    loadPyodide(options: object): Promise<Pyodide>;
  };
  return await module.loadPyodide({
    indexURL: `${folder}/`,
    jsglobals: Object.freeze(Object.create(null)),
    env: { HOME: '/program' },
    ...options,
  });
}

/** Puts `driver.py` and the common modules into a fresh interpreter. */
function install(pyodide: Pyodide): void {
  const source = fs.readFileSync(new URL('driver.py', import.meta.url), 'utf8');
  const globals = pyodide.toPy({ source });
  pyodide.runPython(`import sys, types, ${common.split(/\s+/).join(', ')}`, { globals });
  pyodide.runPython('module = sys.modules["_lectern"] = types.ModuleType("_lectern")', { globals });
  pyodide.runPython('exec(compile(source, "driver.py", "exec"), module.__dict__)', { globals });
}

const gate = gateImports();
if (mode === 'make-snapshot') {
  const maker = await boot({ _makeSnapshot: true });
  install(maker);
  const bytes = maker.makeMemorySnapshot();
  for (let offset = 0; offset < bytes.length;) offset += writeSync(guestFd.made, bytes, offset);
  process.exit(0);
}

const pyodide = await boot(mode === 'from-snapshot' ? { _loadSnapshot: readSnapshot() } : {});
if (mode === 'boot') install(pyodide);
const engine = pyodide._module;
const driver = pyodide.pyimport('_lectern') as { run(entry: string, args: string): number };
// Its source of random bytes is opened on first use; later would be too late.
pyodide.runPython('import os; os.urandom(1)');
// The snapshot is copied by now; this gives its 30 MB back before the wait.
delete pyodide._api.config._loadSnapshot;
(globalThis as { gc?: () => void }).gc?.();
lockDown();
send({ type: 'ready' });

const program = readProgram();
measureFromHere();

const folderOf = (path: string) => path.slice(0, path.lastIndexOf('/'));
for (const { path, content } of program.files) {
  pyodide.FS.mkdirTree(folderOf(`/program/${path}`));
  pyodide.FS.writeFile(`/program/${path}`, content);
}
const stdin = new TextEncoder().encode(program.stdin);
let stdinAt = 0;
pyodide.setStdin({
  read: (buffer: Uint8Array) => {
    const chunk = stdin.subarray(stdinAt, stdinAt + buffer.length);
    buffer.set(chunk);
    stdinAt += chunk.length;
    return chunk.length;
  },
});

/** The interpreter asks here for signals every few dozen instructions. There are none, but it is our clock. */
function listenForTicks(): void {
  let calls = 0;
  engine['Py_EmscriptenSignalBuffer'] = {
    get 0() {
      if ((calls += 1) % 64 === 0) tick();
      return 0;
    },
    set 0(_value: number) {},
  };
  engine.HEAPU8[engine['_Py_EMSCRIPTEN_SIGNAL_HANDLING'] as number] = 1;
}

gate.close(engine);
limitDisk(engine, program.diskBytes);
const memory = limitMemory(Math.max(program.memoryBytes, engine.HEAPU8.length));
// Pyodide announces here that it is broken, then dumps its frames into the program's output.
globalThis.console.error = gate.mute;
listenForTicks();
try {
  const code = driver.run(program.entry, JSON.stringify(program.args));
  if (code === -1) finish({ status: 'memory-limit', exitCode: 1 });
  finish({ status: code === 0 ? 'ok' : 'runtime-error', exitCode: code });
} catch (error) {
  const { name, message, status } = error as { name?: string; message?: string; status?: number };
  // os._exit unwinds by an exception of its own.
  if (status !== undefined) finish({ status: status === 0 ? 'ok' : 'runtime-error', exitCode: status });
  const text =
    name === 'RangeError' ? 'the stack is used up; does a function call itself without end?' : `${name}: ${message}`;
  write('stderr', new TextEncoder().encode(`\nFatal Python error: ${text}\n`));
  finish({ status: memory.refused ? 'memory-limit' : 'runtime-error', exitCode: 1 });
}
