import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limits } from '#contract/limits.ts';
import { outcomeOf } from './outcome.ts';

const now = 1_000_000;
const completed = (value: object) =>
  outcomeOf(
    { runId: 'r', language: 'python', outcome: 'completed', value: { v: 1, runId: 'r', status: 'ok', ...value } },
    now,
  ).ending;
const bytes = (text: string | undefined) => Buffer.byteLength(text!);

test('[RUN16] a minimal result is enough', () => {
  const value = { exitCode: 1, status: 'runtime-error', stdout: 'a', stderr: 'b' };
  assert.deepEqual(completed(value), {
    status: 'runtime-error',
    stage: 'run',
    exit_code: 1,
    signal: null,
    stdout: 'a',
    stderr: 'b',
    compile: null,
    wall_ms: null,
    cpu_ms: null,
    memory_bytes: null,
    truncated: 0,
    isolation: 'remote',
    started_at: now,
  });
});

test('[RUN16] output is cut to 1 MiB together, at whole characters', () => {
  const mib = limits.runOutputBytes;
  const cases: [stdout: number, stderr: number, keptOut: number, keptErr: number][] = [
    [mib, 0, mib, 0],
    [mib - 5, 5, mib - 5, 5],
    [mib + 1, 0, mib, 0],
    [2 * mib, 10, mib - 10, 10],
    [10, 2 * mib, 10, mib - 10],
    [2 * mib, 2 * mib, mib / 2, mib / 2],
    [mib / 2 + 7, mib, mib / 2, mib / 2],
  ];
  for (const [out, err, keptOut, keptErr] of cases) {
    const ending = completed({ stdout: 'o'.repeat(out), stderr: 'e'.repeat(err) });
    assert.deepEqual([bytes(ending.stdout), bytes(ending.stderr)], [keptOut, keptErr], `${out} and ${err}`);
    assert.equal(ending.truncated, keptOut < out || keptErr < err ? 1 : 0);
  }
  const wide = completed({ stdout: '🙂'.repeat(mib / 4 + 1), stderr: 'x' });
  assert.ok(wide.stdout!.isWellFormed() && bytes(wide.stdout) === mib - 4);
  assert.equal(completed({ truncated: true }).truncated, 1);
});

test('[RUN16] what does not fit the tables is made to fit', () => {
  const diagnostic = { file: 'main.c', line: 1, column: 1, severity: 'error', message: 'm'.repeat(5_000) };
  const ending = completed({
    stdout: 'half \ud83d pair',
    signal: 'S'.repeat(500),
    wallMs: 1.5,
    cpuMs: -3,
    compile: {
      exitCode: 1,
      output: 'x'.repeat(1024 * 1024),
      diagnostics: Array.from({ length: 1_000 }, () => diagnostic),
    },
  });
  assert.equal(ending.stdout, 'half \ufffd pair');
  assert.deepEqual([ending.signal!.length, ending.wall_ms, ending.cpu_ms], [32, 1.5, 0]);
  assert.equal(ending.started_at, now - 2);
  const compile = JSON.parse(ending.compile!);
  assert.deepEqual([compile.output.length, compile.diagnostics.length], [64 * 1024, 200]);
  assert.equal(compile.diagnostics[0].message.length, 2_000);
});

test('[RUN6, RUN15] a failed job is no fault of the program', () => {
  const failed = (reason: string) => outcomeOf({ runId: 'r', language: 'c', outcome: 'failed', reason }, now);
  assert.deepEqual(failed('job stalled more than allowable limit').ending, { status: 'lost' });
  assert.deepEqual(failed('The worker was shut down during the run').ending, { status: 'lost' });
  assert.deepEqual(failed('disk full').ending, { status: 'internal-error' });
  assert.equal(failed('disk full').problem, 'disk full');
});
