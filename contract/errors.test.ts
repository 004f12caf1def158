import assert from 'node:assert/strict';
import test from 'node:test';
import { AppError, type ErrorCode, errorTable } from './errors.ts';

test('[CON5] every error has a kebab-case code, an error status and a title a person understands', () => {
  for (const [code, { status, title }] of Object.entries(errorTable)) {
    assert.match(code, /^[a-z]+(-[a-z]+)*$/);
    assert.ok(status >= 400 && status <= 599, code);
    assert.match(title, /^[A-Z].{8,}[^.]$/, code);
  }
});

test('[CON6] an error carries code, status and detail; without a detail the title speaks', () => {
  const cause = new Error('inner');
  const error = new AppError('classroom-full', 'Ask the instructor.', { cause, retryAfterSeconds: 3 });
  assert.deepEqual(
    [error.code, error.status, error.detail, error.retryAfterSeconds, error.cause],
    ['classroom-full', 409, 'Ask the instructor.', 3, cause],
  );
  for (const code of Object.keys(errorTable) as ErrorCode[]) {
    const { detail, status } = new AppError(code);
    assert.deepEqual([detail, status], [errorTable[code].title, errorTable[code].status]);
  }
});
