import assert from 'node:assert/strict';
import test from 'node:test';
import {
  filePathSchema,
  finalStatuses,
  isFinal,
  languageSchema,
  liveStatuses,
  runResultSchema,
  runStatusSchema,
} from './run.ts';

test('[CON9] a file path stays inside its program', () => {
  const good = ['a', 'main.py', 'src/main.py', '.env', 'a/.b/c..d', '...', '강의/첫 시간.py', 'a'.repeat(200)];
  for (const path of good) assert.equal(filePathSchema.safeParse(path).success, true, path);
  const bad = [
    '',
    '/',
    '/etc/passwd',
    '.',
    '..',
    '../a',
    'a/..',
    'a/../b',
    './a',
    'a/./b',
    'a//b',
    'a/',
    'a\\b',
    'C:\\a',
    'a\u0000b',
    'a\nb',
    'a\u007f',
    'a/../../b',
    'a'.repeat(201),
  ];
  for (const path of bad) assert.equal(filePathSchema.safeParse(path).success, false, JSON.stringify(path));
});

test('[CON9] a hostile path costs no time', () => {
  const startedAt = performance.now();
  for (let round = 0; round < 1_000; round += 1) filePathSchema.safeParse(`${'./'.repeat(99)}\\`);
  assert.ok(performance.now() - startedAt < 2_000);
});

test('[CON10] a language is a lower-case name of at most 32 characters', () => {
  for (const name of ['python', 'c', 'c++', 'c#', 'objective-c', 'es2024']) {
    assert.equal(languageSchema.safeParse(name).success, true, name);
  }
  for (const name of ['', 'Python', '1c', 'a b', '../x', 'a:b', 'x'.repeat(33)]) {
    assert.equal(languageSchema.safeParse(name).success, false, name);
  }
});

test('[CON11] a run state is live or final, never both', () => {
  assert.deepEqual(runStatusSchema.options.filter(isFinal), [...finalStatuses]);
  assert.deepEqual(
    runStatusSchema.options.filter((status) => !isFinal(status)),
    [...liveStatuses],
  );
});

test('[CON12] the result of a minimal worker is enough', () => {
  const minimal = { v: 1, runId: 'r1', status: 'ok', exitCode: 0, stdout: '42\n', stderr: '' };
  assert.deepEqual(runResultSchema.parse(minimal), {
    ...minimal,
    stage: 'run',
    signal: null,
    truncated: false,
    wallMs: null,
    cpuMs: null,
    memoryBytes: null,
    isolation: 'remote',
  });
  for (const wrong of [{ v: 2 }, { status: 'running' }, { status: 'fine' }, { runId: 'r/1' }, { exitCode: 0.5 }]) {
    assert.equal(runResultSchema.safeParse({ ...minimal, ...wrong }).success, false, JSON.stringify(wrong));
  }
});
