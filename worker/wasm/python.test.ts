import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { openPrograms } from '../../test/support/programs.ts';
import { pythonEngine } from './engines.ts';

const programs = openPrograms([pythonEngine]);
const { run } = programs;
after(programs.close);

/** Runs the program and gives what it printed; it must end well. */
async function output(source: string, options: { stdin?: string; args?: string[] } = {}): Promise<string> {
  const result = await run('python', source, options);
  assert.equal(result.status, 'ok', `${result.status}: ${result.stderr}`);
  return result.stdout;
}

test('[WRK18] input is read as from a pipe, and its end is the end', async () => {
  const stdin = '3\nfirst line\nlast';
  assert.equal(await output('n = int(input("n? "))\nprint(n, input(), input())', { stdin }), 'n? 3 first line last\n');
  assert.equal(
    await output('import sys\nprint([line for line in sys.stdin])', { stdin }),
    "['3\\n', 'first line\\n', 'last']\n",
  );
  assert.equal(await output('print(open(0, "rb").read())', { stdin: 'ab\nc' }), "b'ab\\nc'\n");
  const ended = await run('python', 'input()\ninput()\n', { stdin: 'one\n' });
  assert.match(ended.stderr, /line 2, in <module>[^]*EOFError: EOF when reading a line\n$/);
});

test('[WRK18] a program finds what a script finds', async () => {
  const source =
    'import sys, os\nprint(sys.argv, __name__, os.path.basename(__file__), os.getcwd(), sys.path[0])\nprint(sorted(os.environ), os.listdir("."))';
  assert.equal(
    await output(source, { args: ['a', 'b c'] }),
    "['main.py', 'a', 'b c'] __main__ main.py /program /program\n['HOME', 'LANG'] ['main.py']\n",
  );
  const ending = 'import atexit, sys\natexit.register(print, "bye")\nsys.exit("wrong")';
  assert.partialDeepStrictEqual(await run('python', ending), { exitCode: 1, stdout: 'bye\n', stderr: 'wrong\n' });
  const hook = 'import sys\nsys.excepthook = lambda *error: print("hooked", error[1])\n1 / 0';
  assert.partialDeepStrictEqual(await run('python', hook), { exitCode: 1, stdout: 'hooked division by zero\n' });
});

test('[WRK18] a file of the program comes before a standard module of its name', async () => {
  const files = {
    'main.py': 'import random, statistics\nprint(random.mine, statistics.mean([1, 3]))\n',
    'random.py': 'mine = "my own"\n',
  };
  const result = await run('python', files);
  assert.partialDeepStrictEqual(result, { status: 'ok', stdout: 'my own 2\n' }, result.stderr);
});

test('[WRK18] chance is not the same twice', async () => {
  const source = 'import random, secrets, uuid\nprint(random.random(), secrets.token_hex(8), uuid.uuid4())';
  const [first, second] = [await output(source), await output(source)];
  const words = second.trim().split(' ');
  assert.ok(
    words.every((word) => !first.includes(word)),
    `${first}${second}`,
  );
});

test('[WRK18] sleeping takes time and no processor', async () => {
  const result = await run(
    'python',
    'import time\nfrom time import sleep\nt = time.perf_counter()\nsleep(1)\nprint(time.perf_counter() - t >= 1)',
  );
  assert.equal(result.stdout, 'True\n');
  assert.ok(result.wallMs! >= 1_000 && result.cpuMs! < 700, JSON.stringify(result));
});

test('[WRK18] asyncio runs its tasks side by side', async () => {
  const source = `import asyncio
async def step(n):
    await asyncio.sleep(n / 20)
    print(n)
    return n
async def main():
    print(await asyncio.gather(step(3), step(1), step(2)))
    try:
        await asyncio.wait_for(asyncio.Event().wait(), 0.01)
    except TimeoutError:
        print("late")
asyncio.run(main())`;
  assert.equal(await output(source), '1\n2\n3\n[3, 1, 2]\nlate\n');
});

test('[WRK18] the standard library is there and packages are not', async () => {
  const some = 'json, re, math, statistics, datetime, collections, itertools, functools, dataclasses, csv, unittest';
  assert.equal(
    await output(`import ${some}\nprint(json.dumps({"a": [1]}), statistics.mean([1, 3]))`),
    '{"a": [1]} 2\n',
  );
  const missing = await run('python', 'import numpy');
  assert.match(missing.stderr, /ModuleNotFoundError: No module named 'numpy'\n$/);
});

test('[WRK18] recursion without end is an error, or the end of that program alone', async () => {
  const plain = await run('python', 'def f(n):\n    return f(n + 1)\nf(0)\n');
  assert.partialDeepStrictEqual(plain, { status: 'runtime-error', exitCode: 1 });
  assert.match(plain.stderr, /RecursionError: maximum recursion depth exceeded\n$/);
  const source =
    'import sys\nsys.setrecursionlimit(10 ** 6)\nclass A:\n    def __repr__(self):\n        return repr([self])\nprint(repr(A()))\n';
  const deep = await run('python', source, { limits: { wallMs: 4_000 } });
  assert.ok(['runtime-error', 'memory-limit', 'time-limit'].includes(deep.status), deep.status);
  assert.equal(deep.stdout, '');
  assert.equal(await output('print("still here")'), 'still here\n');
});

test('[WRK18] a program that breaks its interpreter has failed, and is told so', async () => {
  const aborted = await run('python', 'print("before")\nimport os\nos.abort()\n');
  assert.partialDeepStrictEqual(aborted, { status: 'runtime-error', exitCode: 1, stdout: 'before\n' });
  assert.match(aborted.stderr, /Fatal Python error/);
  assert.partialDeepStrictEqual(await run('python', 'import os\nos._exit(7)'), {
    status: 'runtime-error',
    exitCode: 7,
  });
});
