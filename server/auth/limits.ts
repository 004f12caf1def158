import { AppError } from '#contract/errors.ts';
import type { Clock } from '#platform/clock.ts';
import { createSlidingWindow } from '../http/sliding-window.ts';

const minute = 60 * 1000;

/** Limits that a class behind one address never meets (contract §6), and somebody who guesses does. */
export type AuthLimits = {
  /** Throws `too-many-requests` when this account or this address has failed too often. */
  checkLogin(email: string, address: string): void;
  recordFailedLogin(email: string, address: string): void;
  /** Counts a registration. Throws `too-many-requests`. */
  takeRegistration(address: string): void;
};

export function createAuthLimits(deps: { clock: Clock }): AuthLimits {
  const { clock } = deps;
  const failuresOfAccount = createSlidingWindow({ limit: 10, windowMs: 15 * minute, clock });
  const failuresOfAddress = createSlidingWindow({ limit: 100, windowMs: 15 * minute, clock });
  const registrations = createSlidingWindow({ limit: 300, windowMs: 60 * minute, clock });
  return {
    checkLogin(email, address) {
      refuseFor(
        Math.max(failuresOfAccount.waitSeconds(email), failuresOfAddress.waitSeconds(address)),
        'Too many failed attempts to sign in.',
      );
    },
    recordFailedLogin(email, address) {
      failuresOfAccount.record(email);
      failuresOfAddress.record(address);
    },
    takeRegistration(address) {
      refuseFor(registrations.waitSeconds(address), 'Too many accounts were made from this address.');
      registrations.record(address);
    },
  };
}

function refuseFor(seconds: number, what: string): void {
  if (seconds === 0) return;
  const minutes = Math.ceil(seconds / 60);
  throw new AppError('too-many-requests', `${what} Try again in ${minutes} minute${minutes === 1 ? '' : 's'}.`, {
    retryAfterSeconds: seconds,
  });
}
