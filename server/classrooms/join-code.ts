import { randomInt } from 'node:crypto';
import { isUniqueViolation } from '#platform/db/statements.ts';

/** Without what is misread from a blackboard: 0 and O, 1, I and L. */
const alphabet = '23456789ABCDEFGHJKMNPQRSTUVWXYZ';
const length = 6;

/** A join code, as it is stored: one of 31^6, some 900 million. */
export function newJoinCode(): string {
  return Array.from({ length }, () => alphabet[randomInt(alphabet.length)]).join('');
}

/** A code as people type it. */
export function readJoinCode(typed: string): string {
  return typed.trim().toUpperCase();
}

/** Two of 900 million rarely meet; ten times in a row means that something else is wrong. */
const tries = 10;

/** Stores something under a code, another one for as long as the code turns out to be taken. */
export async function withFreeCode(makeCode: () => string, store: (code: string) => Promise<void>): Promise<void> {
  for (let left = tries - 1; ; left -= 1) {
    try {
      await store(makeCode());
      return;
    } catch (error) {
      if (left === 0 || !isUniqueViolation(error)) throw error;
    }
  }
}
