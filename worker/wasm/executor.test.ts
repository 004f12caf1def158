import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { childProcesses, openPrograms } from '../../test/support/programs.ts';
import { waitFor } from '../../test/support/wait-for.ts';

const programs = openPrograms();
const { run } = programs;
after(programs.close);

const onLinux = process.platform === 'linux' ? false : 'processes are counted by /proc';

test('[WRK1] a program gets its input and its output is the result, with what it took', async () => {
  const python = await run('python', 'print(sum(map(int, input().split())))', { stdin: '20 22\n' });
  assert.partialDeepStrictEqual(python, {
    status: 'ok',
    stage: 'run',
    exitCode: 0,
    signal: null,
    stdout: '42\n',
    stderr: '',
    truncated: false,
    isolation: 'wasm',
  });
  assert.ok(python.wallMs! >= 0 && python.cpuMs! >= 0 && python.memoryBytes! >= 0);

  const source =
    "const [a, b] = require('fs').readFileSync(0, 'utf8').split(' ').map(Number);\nconsole.log(a + b);\nconsole.error('done');";
  const javascript = await run('javascript', source, { stdin: '20 22\n' });
  assert.partialDeepStrictEqual(javascript, { status: 'ok', exitCode: 0, stdout: '42\n', stderr: 'done\n' });
});

test('[WRK7] a program that fails is a runtime error, with its own exit code and the place of the error', async () => {
  assert.partialDeepStrictEqual(await run('python', 'import sys\nsys.exit(3)'), {
    status: 'runtime-error',
    exitCode: 3,
  });
  assert.partialDeepStrictEqual(await run('javascript', 'process.exit(3)'), { status: 'runtime-error', exitCode: 3 });

  const python = await run('python', 'def half(x):\n    return x / 0\n\nhalf(1)\n');
  assert.partialDeepStrictEqual(python, { status: 'runtime-error', exitCode: 1, stdout: '' });
  assert.match(python.stderr, /^Traceback .*\n {2}File "main.py", line 4, in <module>\n/);
  assert.match(python.stderr, /File "main.py", line 2, in half\n.*\n.*\nZeroDivisionError: division by zero\n$/);
  assert.doesNotMatch(python.stderr, /driver/);

  const javascript = await run('javascript', 'function half() {\n  return nothing / 2;\n}\nhalf();\n');
  assert.partialDeepStrictEqual(javascript, { status: 'runtime-error', exitCode: 1, stdout: '' });
  assert.match(javascript.stderr, /^main.js:2\n {2}return nothing \/ 2;\n/);
  assert.match(javascript.stderr, /ReferenceError: 'nothing' is not defined\n {4}at half \(main.js:2:\d+\)/);
});

test('[WRK7] a syntax error is the error of a running program', async () => {
  const python = await run('python', 'print("never")\nprint(1 +)\n');
  assert.partialDeepStrictEqual(python, { status: 'runtime-error', stage: 'run', exitCode: 1, stdout: '' });
  assert.match(python.stderr, /^ {2}File "main.py", line 2\n[^]*SyntaxError/);
  const javascript = await run('javascript', 'console.log("never");\nlet x = ;\n');
  assert.partialDeepStrictEqual(javascript, { status: 'runtime-error', stage: 'run', exitCode: 1, stdout: '' });
  assert.match(javascript.stderr, /^main.js:2\nlet x = ;\n {8}\^\n[^]*SyntaxError/);
});

test('[WRK8] an endless loop ends at the time limit and what it had printed is kept', async () => {
  const limits = { wallMs: 1_500 };
  const python = await run('python', 'print("before", end="")\nwhile True:\n    pass\n', { limits });
  assert.partialDeepStrictEqual(python, { status: 'time-limit', exitCode: null, signal: null, stdout: 'before' });
  // A timer may fire a moment before a finer clock says so.
  assert.ok(python.wallMs! >= 1_490 && python.cpuMs! > 0, JSON.stringify(python));
  const many = 'for i in range(1000):\n    print(i)\nwhile True:\n    pass\n';
  assert.equal((await run('python', many, { limits })).stdout.split('\n').length, 1_001);

  const javascript = await run('javascript', 'console.log("before"); while (true);', { limits });
  assert.partialDeepStrictEqual(javascript, { status: 'time-limit', exitCode: null, stdout: 'before\n' });
  const burst = 'for (let i = 0; i < 1000; i++) console.log(i);\nwhile (true);';
  assert.equal((await run('javascript', burst, { limits })).stdout.split('\n').length, 1_001);
  const asleep = await run('javascript', 'setInterval(() => {}, 1000)', { limits });
  assert.equal(asleep.status, 'time-limit');
});

for (const [language, source] of [
  ['python', 'while True:\n    print("한글 😀 again and again")\n'],
  ['javascript', 'while (true) console.log("한글 😀 again and again")'],
] as const) {
  test(`[WRK9] endless output is cut at the limit and ends the program: ${language}`, async () => {
    const outputBytes = 100_001;
    const result = await run(language, source, { limits: { outputBytes } });
    assert.partialDeepStrictEqual(result, { status: 'output-limit', truncated: true, exitCode: null, stderr: '' });
    const bytes = Buffer.byteLength(result.stdout);
    assert.ok(bytes <= outputBytes && bytes > outputBytes - 4, `${bytes} bytes are kept`);
    assert.ok('한글 😀 again and again\n'.repeat(5_000).startsWith(result.stdout));
  });
}

test('[WRK9] standard output and standard error share the limit', async () => {
  const source = 'import sys\nprint("o" * 600)\nprint("e" * 600, file=sys.stderr)\n';
  const result = await run('python', source, { limits: { outputBytes: 1_000 } });
  assert.partialDeepStrictEqual(result, { status: 'output-limit', truncated: true });
  assert.equal(result.stdout.length + result.stderr.length, 1_000);
});

test('[WRK10] a program that takes more memory than allowed ends at the memory limit', async () => {
  const megabyte = 1024 * 1024;
  // An engine that waits has used most of the smaller limit already, so how much was used is told by the larger.
  const source = 'rows = []\nwhile True:\n    rows.append("x" * 1_000_000)\n';
  const small = await run('python', source, { limits: { memoryBytes: 64 * megabyte } });
  assert.equal(small.status, 'memory-limit');
  assert.match(small.stderr, /line 3, in <module>[^]*MemoryError/);
  const python = await run('python', source, { limits: { memoryBytes: 192 * megabyte } });
  assert.equal(python.status, 'memory-limit');
  assert.match(python.stderr, /line 3, in <module>[^]*MemoryError/);
  const used = python.memoryBytes!;
  assert.ok(used > 64 * megabyte && used < 256 * megabyte, `${used} bytes`);
  const javascript = await run('javascript', 'const rows = [];\nfor (;;) rows.push(new Array(1000).fill(1));', {
    limits: { memoryBytes: 64 * megabyte },
  });
  assert.equal(javascript.status, 'memory-limit');
  assert.match(javascript.stderr, /out of memory/);
});

test('[WRK10] a failed allocation that is caught is not the end', async () => {
  const source = 'try:\n    rows = [0] * 10 ** 9\nexcept MemoryError:\n    print("too much")\nprint("on")\n';
  assert.partialDeepStrictEqual(await run('python', source), { status: 'ok', stdout: 'too much\non\n' });
});

test('[WRK10] files count as well: past the disk limit there is no space left', async () => {
  const source = 'with open("big", "wb") as f:\n    while True:\n        f.write(b"x" * 100_000)\n';
  const result = await run('python', source, { limits: { diskBytes: 1024 * 1024 } });
  assert.equal(result.status, 'runtime-error');
  assert.match(result.stderr, /No space left on device/);
});

test('[WRK11] a run that is cancelled is killed and keeps its output', async () => {
  const abort = new AbortController();
  const result = await run('python', 'print("started")\nwhile True:\n    pass\n', {
    abort: abort.signal,
    onProgress: () => setTimeout(() => abort.abort('cancel'), 1_000),
  });
  assert.partialDeepStrictEqual(result, { status: 'cancelled', exitCode: null, stdout: 'started\n' });
});

test('[WRK12] two runs share nothing', async () => {
  const python =
    'import os, sys, math\nprint(hasattr(math, "mine"), os.path.exists("kept"))\nmath.mine = 1\nopen("kept", "w").close()\n';
  for (let round = 0; round < 2; round += 1) assert.equal((await run('python', python)).stdout, 'False False\n');
  const javascript = 'console.log(globalThis.mine, [].mine); globalThis.mine = 1; Array.prototype.mine = 2;';
  for (let round = 0; round < 2; round += 1) {
    assert.equal((await run('javascript', javascript)).stdout, 'undefined undefined\n');
  }
});

test('[WRK12] when a result is there, its process is gone', { skip: onLinux }, async () => {
  for (const [language, source] of [
    ['javascript', 'console.log(1)'],
    ['python', 'print(1)'],
    ['python', 'import os\nos._exit(1)'],
  ] as const) {
    // One spare process for each engine, and a new one is started when a program takes it.
    await waitFor(() => childProcesses().length === 2, { withinMs: 30_000 });
    await run(language, source);
    assert.equal(childProcesses().length, 2, language);
  }
});

test('[WRK13] programs of several files import one another', async () => {
  const python = await run('python', {
    'main.py': 'import util\nfrom shapes.square import area\nprint(util.name, area(3), __name__)\n',
    'util.py': 'name = "util"\n',
    'shapes/__init__.py': '',
    'shapes/square.py': 'def area(side):\n    return side ** 2\n',
  });
  assert.equal(python.stdout, 'util 9 __main__\n', python.stderr);
  const deep = await run('python', { 'app/main.py': 'import near\nprint(near.x)\n', 'app/near.py': 'x = 7\n' });
  assert.equal(deep.stdout, '7\n', deep.stderr);
  const javascript = await run('javascript', {
    'main.js':
      "import { area } from './shapes/square.js';\nimport old, { name } from './old.cjs';\nimport data from './data.json';\nimport { notes } from './notes';\nconsole.log(area(3), name, old.size, data, notes);\n",
    'shapes/square.js': "import { square } from '../math';\nexport const area = (side) => square(side);\n",
    'math.mjs': 'export const square = (x) => x ** 2;\n',
    'notes.js': '// unlike module.exports = {}\nexport const notes = 1;\n',
    'old.cjs': "const part = require('./part');\nmodule.exports = { name: 'old', size: part.size };\n",
    'part.js': 'exports.size = 5;\n',
    'data.json': '{"rows": [1, 2]}',
  });
  assert.equal(javascript.stdout, '9 old 5 { rows: [ 1, 2 ] } 1\n', javascript.stderr);
});

test('[WRK14] text of every script goes in and comes out; what is not UTF-8 is shown as broken', async () => {
  const text = '안녕 😀 שלום é';
  assert.equal((await run('python', 'print(input()[::-1][::-1])', { stdin: `${text}\n` })).stdout, `${text}\n`);
  const echo = "process.stdin.on('data', (text) => process.stdout.write(text));";
  assert.equal((await run('javascript', echo, { stdin: text })).stdout, text);
  const bytes =
    'import sys\nsys.stdout.buffer.write(b"a\\xffb\\xed\\x95")\nsys.stdout.flush()\nsys.stdout.buffer.write(b"\\x9c!")\n';
  assert.equal((await run('python', bytes)).stdout, 'a\ufffdb한!');
  assert.equal((await run('javascript', 'console.log("\\ud83d")')).stdout, '\ufffd\n');
});
