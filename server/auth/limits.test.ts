import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AppError } from '#contract/errors.ts';
import { createAuthLimits } from './limits.ts';

const isRefusal = (seconds: number) => (error: unknown) =>
  error instanceof AppError && error.code === 'too-many-requests' && error.retryAfterSeconds === seconds;

test('[ACC17] an address gets 100 failed logins in 15 minutes', () => {
  let now = 0;
  const limits = createAuthLimits({ clock: { now: () => now } });
  for (let sent = 0; sent < 100; sent += 1) {
    limits.checkLogin(`p${sent}@example.org`, '192.0.2.1');
    limits.recordFailedLogin(`p${sent}@example.org`, '192.0.2.1');
    now += 1000;
  }
  assert.throws(() => limits.checkLogin('new@example.org', '192.0.2.1'), isRefusal(800));
  limits.checkLogin('new@example.org', '192.0.2.2');
  now += 800_000;
  limits.checkLogin('new@example.org', '192.0.2.1');
});

test('[ACC17] an address gets 300 registrations in an hour', () => {
  let now = 0;
  const limits = createAuthLimits({ clock: { now: () => now } });
  for (let sent = 0; sent < 300; sent += 1) limits.takeRegistration('192.0.2.1');
  assert.throws(() => limits.takeRegistration('192.0.2.1'), isRefusal(3600));
  limits.takeRegistration('192.0.2.2');
  now += 3_600_000;
  limits.takeRegistration('192.0.2.1');
});
