/**
 * Refuses values that an engine would misplace or bend instead of storing them: node:sqlite takes an object in first
 * position for named parameters and shifts the rest, a boolean or Date means something else on each engine, NaN becomes
 * NULL. Throws a TypeError that names the position (from 1) and never the value.
 */
export function refuseUnstorable(parameters: readonly unknown[]): void {
  parameters.forEach((value, index) => {
    const problem = problemOf(value);
    if (problem !== undefined) {
      throw new TypeError(
        `bound value ${index + 1} of ${parameters.length} is ${problem}; bind null, a string, a safe number, a bigint or a Uint8Array`,
      );
    }
  });
}

function problemOf(value: unknown): string | undefined {
  if (value === null || typeof value === 'string' || typeof value === 'bigint' || value instanceof Uint8Array) {
    return undefined;
  }
  if (typeof value !== 'number') return typeof value === 'object' ? `a ${value?.constructor?.name}` : typeof value;
  if (!Number.isFinite(value)) return 'not a finite number';
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? 'an integer beyond 2^53' : undefined;
}
