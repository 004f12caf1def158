import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { openPrograms } from '../../test/support/programs.ts';
import { commandOf, javascriptEngine } from './engines.ts';

const programs = openPrograms();
const { run } = programs;
const folder = await mkdtemp(path.join(tmpdir(), 'lectern-attacks-'));
const secret = `secret ${Math.random()}`;
const secretFile = path.join(folder, 'secret.txt');
await writeFile(secretFile, secret);
let connections = 0;
const listener = createServer((socket) => {
  connections += 1;
  socket.end('hello');
}).listen(0, '127.0.0.1');
await once(listener, 'listening');
after(async () => {
  await programs.close();
  listener.close();
  await rm(folder, { recursive: true });
});

/** Python that tries each line and prints how it went. */
const trying = (lines: string[]) =>
  lines
    .map((line) => `try:\n    print("GOT", ${line})\nexcept BaseException as error:\n    print(type(error).__name__)\n`)
    .join('');

test('[WRK19] Python does not reach files, processes or networks of the machine', async () => {
  const { port } = listener.address() as AddressInfo;
  const lines = [
    `open(${JSON.stringify(secretFile)}).read()`,
    'open("/etc/passwd").read()',
    'open("/proc/self/environ").read()',
    'open("/proc/1/cmdline").read()',
    '__import__("os").fork()',
    '__import__("os").execv("/bin/sh", ["sh"])',
    '__import__("os").popen("id").read()',
    '__import__("subprocess").run(["id"])',
    '__import__("threading").Thread(target=print).start()',
    '__import__("multiprocessing").Process(target=print).start()',
    '__import__("socket").socket()',
    `__import__("socket").create_connection(("127.0.0.1", ${port}), 2)`,
    `__import__("urllib.request").request.urlopen("http://127.0.0.1:${port}", timeout=2)`,
  ];
  const result = await run('python', `${trying(lines)}import os\nprint(os.system("id") != 0)\n`);
  assert.equal(result.status, 'ok', result.stderr);
  const answers = result.stdout.trim().split('\n');
  assert.equal(answers.length, lines.length + 1, result.stdout);
  assert.doesNotMatch(result.stdout, /GOT|secret|root:/);
  assert.equal(answers.at(-1), 'True');
  assert.equal(connections, 0);
});

test('[WRK19] Python does not reach the JavaScript around it', async () => {
  const imports = ['js', 'pyodide_js', 'pyodide.code', 'pyodide.http', '_pyodide_core', 'ctypes'];
  const closed = await run('python', trying(imports.map((name) => `__import__(${JSON.stringify(name)})`)));
  assert.equal(closed.stdout.replaceAll('ModuleNotFoundError\n', ''), '', closed.stdout);

  // The modules are hidden, not destroyed: whoever digs them up finds that nothing can be called or read.
  const dug = `import gc, sys
found = [d for d in gc.get_objects() if isinstance(d, dict) and d.get("pyodide_js") is not None and d.get("js") is not None]
module = found[0]["pyodide_js"]
${trying(['module._module', 'module.FS', 'module.runPython("1")', 'module.constructor', 'list(module.object_values())', 'dir(module)[0]', 'module["FS"]', 'list(module)'])}`;
  const refused = await run('python', dug);
  assert.equal(refused.status, 'ok', refused.stderr);
  assert.match(refused.stdout, /^(JsException\n){6}TypeError\nTypeError\n$/);

  const native = `import sys
del sys.modules["_ctypes"]
import ctypes
ctypes.CDLL(None).emscripten_run_script(b"globalThis.broken = 1")
print("ran")`;
  const script = await run('python', native);
  assert.equal(script.status, 'runtime-error');
  assert.equal(script.stdout, '');
});

test('[WRK19] JavaScript finds only its own world', async () => {
  const source = `
const tries = {
  constructor: () => console.log.constructor.constructor('return process')().binding,
  global: () => globalThis.constructor.constructor('return this')() === globalThis ? undefined : 'other',
  mainModule: () => process.mainModule ?? process.binding ?? process.dlopen,
  error: () => { try { require('nope'); } catch (e) { return e.constructor.constructor('return globalThis')().fetch; } },
  host: () => globalThis.__host ?? globalThis.__pending,
  fetch: () => globalThis.fetch ?? globalThis.WebSocket ?? globalThis.WebAssembly ?? globalThis.std ?? globalThis.os,
  environment: () => Object.keys(process.env)[0],
  file: () => { try { return require('fs').readFileSync(${JSON.stringify(secretFile)}); } catch { return undefined; } },
  passwords: () => { try { return require('fs').readFileSync('/etc/passwd'); } catch { return undefined; } },
  above: () => { try { return require('../../../package.json'); } catch { return undefined; } },
};
for (const name of ['child_process', 'net', 'node:http', 'worker_threads', 'vm', 'module', 'node:host', 'node:boot', '/etc/passwd']) {
  tries[name] = () => { try { return require(name); } catch { return undefined; } };
}
for (const [name, attempt] of Object.entries(tries)) if (attempt() !== undefined) console.log('GOT', name);
for (const name of ['node:net', 'node:host', 'node:boot', 'lectern', ${JSON.stringify(secretFile)}]) {
  await import(name).then(() => console.log('GOT', name), () => {});
}
console.log(Object.keys(tries).length);`;
  const result = await run('javascript', {
    'main.mjs': `import require from './require.cjs';\n${source}`,
    'require.cjs': 'module.exports = require;',
  });
  assert.equal(result.stdout, '19\n', result.stderr);
});

test('[WRK19] a program that spoils its own built-ins spoils nothing else', async () => {
  const source = `
Object.prototype.toJSON = () => 'spoilt';
Object.prototype.then = (resolve) => resolve('spoilt');
Array.prototype.push = String.prototype.split = Map.prototype.get = () => { throw new Error('spoilt'); };
Object.defineProperty(Object.prototype, 'status', { value: 'ok' });
process.stdout.write('out');
throw new TypeError('end');`;
  const result = await run('javascript', source);
  assert.partialDeepStrictEqual(result, { status: 'runtime-error', exitCode: 1, stdout: 'out' });
  assert.match(result.stderr, /end/);
  assert.equal((await run('javascript', "console.log('well')")).stdout, 'well\n');
});

test('[WRK20] the process around an engine can neither read, write, start nor load anything', async () => {
  const main = path.join(import.meta.dirname, '../../test/support/broken-out.ts');
  const { command, args } = commandOf({ ...javascriptEngine, main, args: [secretFile], readable: [main] });
  const { stdout } = await promisify(execFile)(command, args, { env: {}, cwd: '/' });
  assert.deepEqual(JSON.parse(stdout), { tried: 17, possible: [], linked: 'function' });
});
