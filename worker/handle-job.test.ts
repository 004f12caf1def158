import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { defaultRunLimits, type RunJob } from '#contract/run.ts';
import { openPrograms } from '../test/support/programs.ts';
import { runJob } from '../test/support/run-jobs.ts';
import { clampLimits, handleJob } from './handle-job.ts';
import { createSlots } from './slots.ts';
import { javascriptEngine } from './wasm/engines.ts';

const { executor } = openPrograms([javascriptEngine]);
after(() => executor.close());
const clock = { now: () => Date.now() };

const job = (overrides: Partial<RunJob> = {}) =>
  runJob('javascript', { files: [{ path: 'a.js', content: 'console.log(1)' }], entry: 'a.js', ...overrides });

function handle(data: unknown, options: { signal?: AbortSignal; slots?: number } = {}) {
  const { signal = new AbortController().signal, slots = 1 } = options;
  const context = { signal, progress: async () => {}, onControl: () => {} };
  return handleJob({ executor, slots: createSlots(slots), clock }, data, context);
}

test('[WRK4] a job that fits is run', async () => {
  const wanted = job();
  assert.partialDeepStrictEqual(await handle(wanted), { runId: wanted.runId, status: 'ok', stdout: '1\n' });
});

test('[WRK4] a job that does not fit the contract or this worker is rejected with the reason', async () => {
  const file = (path: string) => ({ path, content: '' });
  const cases: [unknown, RegExp][] = [
    [{ ...job(), v: 2 }, /does not fit the queue contract\.\nv: /],
    [{ ...job(), files: [] }, /files: /],
    [{ ...job(), files: [file('../a.js')], entry: '../a.js' }, /files\.0\.path: must be a relative path/],
    [{ runId: 'r1' }, /language: /],
    [job({ language: 'cobol' }), /does not offer cobol/],
    [job({ entry: 'b.js' }), /entry b\.js is not among the files/],
    [job({ files: [file('a.js'), file('a.js')] }), /same path/],
    [job({ files: [file('a.js'), file('a.js/b.js')] }), /a\.js is a file and a folder at once/],
    [job({ stdin: { mode: 'stream' } }), /cannot take input while a program runs; send all of it/],
  ];
  for (const [data, reason] of cases) {
    const result = await handle(data);
    assert.partialDeepStrictEqual(result, { status: 'rejected', stdout: '', exitCode: null, isolation: 'wasm' });
    assert.match(result.stderr, reason);
    assert.equal(result.runId, (data as RunJob).runId);
  }
});

test('[WRK4] a job that does not say which run it is fails as infrastructure', async () => {
  await assert.rejects(handle({ v: 1 }));
  await assert.rejects(handle(null));
});

test('[WRK6] a job may lower its limits and not raise them', async () => {
  const asked = { ...defaultRunLimits, wallMs: 100, memoryBytes: 2 ** 40 };
  const clamped = clampLimits(asked, defaultRunLimits);
  assert.deepEqual(clamped, { ...defaultRunLimits, wallMs: 100 });
  const files = [{ path: 'a.js', content: 'console.log("x".repeat(2_000_000))' }];
  const greedy = { ...defaultRunLimits, outputBytes: 100_000_000 };
  const result = await handle(job({ files, limits: greedy }));
  assert.partialDeepStrictEqual(result, { status: 'output-limit' });
  assert.equal(result.stdout.length, defaultRunLimits.outputBytes);
});

test('[WRK6] a job whose deadline passed while it waited is expired and not run', async () => {
  const result = await handle(job({ deadline: Date.now() - 1 }));
  assert.partialDeepStrictEqual(result, { status: 'expired', stdout: '', wallMs: null });
});

test('[WRK11] cancelling a job that waits for its turn ends it there', async () => {
  const cancelling = new AbortController();
  cancelling.abort('cancel');
  const result = await handle(job(), { signal: cancelling.signal });
  assert.partialDeepStrictEqual(result, { status: 'cancelled', stdout: '' });
});

test('[WRK22] a run that the worker’s end cut short is no result', async () => {
  const closing = new AbortController();
  const files = [{ path: 'a.js', content: 'setInterval(() => {}, 1000)' }];
  const running = handle(job({ files }), { signal: closing.signal });
  setTimeout(() => closing.abort('shutdown'), 500);
  await assert.rejects(running, /shut down during the run/);
});
