import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { openPrograms } from '../../test/support/programs.ts';
import { javascriptEngine } from './engines.ts';

const programs = openPrograms([javascriptEngine]);
const { run } = programs;
after(programs.close);

/** Runs the program and gives what it printed; it must end well. */
async function output(source: string | Record<string, string>, stdin = '', args: string[] = []): Promise<string> {
  const result = await run('javascript', source, { stdin, args });
  assert.equal(result.status, 'ok', `${result.status}: ${result.stderr}`);
  return result.stdout;
}

test('[WRK15] a script may use require, return at the top, and await where it is a module', async () => {
  assert.equal(await output("const { format } = require('util');\nconsole.log(format('%d', 3));\nreturn;\n"), '3\n');
  assert.equal(await output('console.log(await Promise.resolve(4));'), '4\n');
  assert.equal(
    await output("import fs from 'node:fs';\nconsole.log(fs.readFileSync('/dev/stdin', 'utf8'));", 'in'),
    'in\n',
  );
  assert.equal(
    await output('console.log(process.argv.slice(2), require.main);', '', ['a', 'b c']),
    "[ 'a', 'b c' ] undefined\n",
  );
});

test('[WRK15] timers, promises and immediates run to their end, in Node’s order', async () => {
  const source = `
    setTimeout(() => console.log('late'), 30);
    setTimeout(() => console.log('soon'), 5);
    let count = 0;
    const beat = setInterval(() => { console.log('beat'); if (++count === 2) clearInterval(beat); }, 10);
    const never = setTimeout(() => console.log('never'), 1);
    clearTimeout(never);
    setImmediate(() => console.log('immediate'));
    Promise.resolve().then(() => console.log('promise'));
    queueMicrotask(() => console.log('microtask'));
    console.log('now');`;
  const lines = (await output(source)).trimEnd().split('\n');
  assert.deepEqual(lines.slice(0, 3), ['now', 'promise', 'microtask']);
  assert.deepEqual(lines.slice(3).toSorted(), ['beat', 'beat', 'immediate', 'late', 'soon']);
  assert.ok(lines.indexOf('soon') < lines.indexOf('late'));
});

test('[WRK15] input comes whole, as a stream, by lines and by questions', async () => {
  const stdin = 'Kim\n20\n';
  const lines = "const rl = require('readline').createInterface({ input: process.stdin });\n";
  const stream =
    "let all = ''; process.stdin.setEncoding('utf8'); process.stdin.on('data', (d) => (all += d)).on('end', () => console.log(all.split('\\n')));";
  assert.equal(await output(stream, stdin), "[ 'Kim', '20', '' ]\n");
  assert.equal(await output('for await (const part of process.stdin) console.log(part.length);', stdin), '7\n');
  assert.equal(
    await output(`${lines}rl.on('line', (l) => console.log('>' + l)).on('close', () => console.log('end'));`, stdin),
    '>Kim\n>20\nend\n',
  );
  assert.equal(await output(`${lines}(async () => { for await (const l of rl) console.log(l); })();`, stdin), stdin);
  assert.equal(
    await output(
      `${lines}rl.question('name? ', (name) => rl.question('age? ', (age) => { console.log(name, age); rl.close(); }));`,
      stdin,
    ),
    'name? age? Kim 20\n',
  );
  const promised =
    "import { createInterface } from 'node:readline/promises';\nconst rl = createInterface({ input: process.stdin });\nconsole.log(await rl.question('? '), await rl.question('? '));\nrl.close();";
  assert.equal(await output(promised, stdin), '? ? Kim 20\n');
});

test('[WRK15] the exit code is the program’s, and what it does at its end is done', async () => {
  const source = "process.on('exit', (code) => console.log('bye', code)); process.exitCode = 2;";
  assert.partialDeepStrictEqual(await run('javascript', source), {
    status: 'runtime-error',
    exitCode: 2,
    stdout: 'bye 2\n',
  });
});

test('[WRK15] an error nobody caught ends the program, wherever it is thrown', async () => {
  for (const source of [
    'await null;\nlet rest = 1;\nthrow new TypeError("lost");',
    'async function main() {\n  await null;\n  throw new TypeError("lost");\n}\nmain();\nsetTimeout(() => console.log("never"), 50);',
    'import "node:fs";\nasync function main() {\n  throw new TypeError("lost");\n}\nmain();\nconst rest = 1;',
    'setTimeout(() => {\n\n  throw new TypeError("lost");\n}, 1);\nsetTimeout(() => console.log("never"), 50);',
    'setTimeout(async () => {\n\n  throw new TypeError("lost");\n}, 1);\nsetTimeout(() => console.log("never"), 50);',
    'Promise.resolve().then(() => 1).then(() => {\n\n  throw new TypeError("lost");\n});',
  ]) {
    const result = await run('javascript', source);
    assert.partialDeepStrictEqual(result, { status: 'runtime-error', exitCode: 1, stdout: '' });
    assert.match(result.stderr, /^main.js:3\n[^]*TypeError: lost\n {4}at /, source);
  }
  assert.partialDeepStrictEqual(await run('javascript', 'throw "text"'), { exitCode: 1, stderr: "Uncaught 'text'\n" });
  const stuck = await run('javascript', 'await new Promise(() => {});');
  assert.partialDeepStrictEqual(stuck, { status: 'runtime-error', exitCode: 13 });
});

test('[WRK15] an error somebody catches is none, however late in the turn', async () => {
  const source = `
    const failing = Promise.reject(new Error('a'));
    Promise.resolve().then(() => failing.catch((error) => console.log(error.message)));
    try { await (async () => { throw new Error('b'); })(); } catch (error) { console.log(error.message); }
    await Promise.allSettled([Promise.reject(1)]);
    new Promise(() => {});`;
  assert.equal(await output(source), 'b\na\n');
  const listening =
    "process.on('uncaughtException', (error) => console.log(error.message));\nPromise.reject(new Error('c'));";
  assert.equal(await output(listening), 'c\n');
});

test('[WRK15] deep recursion is an error the program can catch', async () => {
  const source =
    'const f = (n) => f(n + 1) + 1;\ntry { f(0); } catch (error) { console.log(error instanceof Error); }\nconst sum = (n) => (n === 0 ? 0 : n + sum(n - 1));\nconsole.log(sum(1000));';
  assert.equal(await output(source), 'true\n500500\n');
  const uncaught = await run('javascript', 'const f = (n) => f(n + 1) + 1;\nf(0);');
  assert.partialDeepStrictEqual(uncaught, { status: 'runtime-error', exitCode: 1 });
  const nested = await run('javascript', "JSON.parse('['.repeat(200000));");
  assert.partialDeepStrictEqual(nested, { status: 'runtime-error', exitCode: 1 });
});

test('[WRK15] a module that is not here says what is', async () => {
  const missing = await run('javascript', "require('express')");
  assert.match(missing.stderr, /Cannot find module 'express'. There are no packages here; .*readline/);
  const path = await run('javascript', "import './nope.js';");
  assert.match(path.stderr, /Cannot find module '.\/nope.js' from 'main.js'/);
});

test('[WRK15] console has Node’s groups, tables, counters and assertions', async () => {
  const source = `
    console.group('list'); console.log('a\\nb'); console.groupEnd(); console.log('c');
    console.table([{ n: 1, t: 'x' }, { n: 2 }]);
    console.count(); console.count(); console.dir({ a: { b: { c: {} } } }, { depth: 0 });
    console.log('%s has %d, %i, %j %%', 'x', 1.5, 2.7, { a: 1 }, 'more');`;
  assert.equal(
    await output(source),
    `list
  a
  b
c
┌─────────┬───┬─────┐
│ (index) │ n │ t   │
├─────────┼───┼─────┤
│ 0       │ 1 │ 'x' │
│ 1       │ 2 │     │
└─────────┴───┴─────┘
default: 1
default: 2
{ a: [Object] }
x has 1.5, 2, {"a":1} % more
`,
  );
  const failing = await run(
    'javascript',
    "console.assert(1 === 2, 'sums'); console.warn('careful'); console.log(Promise.resolve([1]), new Promise(() => {}));",
  );
  assert.equal(failing.stderr, 'Assertion failed: sums\ncareful\n');
  assert.equal(failing.stdout, 'Promise { [ 1 ] } Promise { <pending> }\n');
});

test('[WRK17] TypeScript runs without its types, and keeps its lines', async () => {
  const stages: string[] = [];
  const source =
    'enum Color { Red, Green }\nclass Box<T> {\n  constructor(readonly value: T) {}\n}\nconst box: Box<Color> = new Box(Color.Green);\nconsole.log(box.value satisfies number, Color[1]);\n\nthrow new Error("here");\n';
  const result = await run('typescript', source, { onProgress: (status) => stages.push(status) });
  assert.partialDeepStrictEqual(result, { status: 'runtime-error', stage: 'run', exitCode: 1, stdout: '1 Green\n' });
  assert.match(result.stderr, /^main.ts:8\nthrow new Error\("here"\);\n[^]*at .*main.ts:8:/);
  assert.deepEqual(stages, ['compiling', 'running']);
  assert.partialDeepStrictEqual(result.compile, { exitCode: 0, output: '', diagnostics: [] });

  const files = {
    'main.ts':
      "import { twice } from './lib/twice.js';\nimport type { Shape } from './lib/shape';\nconst s: Shape = { n: 4 };\nconsole.log(twice(s.n));\n",
    'lib/twice.ts': 'export const twice = (n: number): number => n * 2;\n',
    'lib/shape.ts': 'export interface Shape { n: number }\n',
  };
  assert.equal((await run('typescript', files)).stdout, '8\n');
});

test('[WRK17] a TypeScript syntax error is a compile error with its place', async () => {
  const stages: string[] = [];
  const files = { 'main.ts': 'console.log("never");\n', 'lib.ts': 'let x: number = 1;\nlet y = ;\n' };
  const result = await run('typescript', files, { onProgress: (status) => stages.push(status) });
  assert.partialDeepStrictEqual(result, {
    status: 'compile-error',
    stage: 'compile',
    exitCode: null,
    stdout: '',
    compile: {
      exitCode: 1,
      output: 'lib.ts:2:9: error: Expression expected\n',
      diagnostics: [{ file: 'lib.ts', line: 2, column: 9, severity: 'error', message: 'Expression expected' }],
    },
  });
  assert.deepEqual(stages, ['compiling']);
});
