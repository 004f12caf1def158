/**
 * Refuses values that an engine would misplace or bend instead of storing them: node:sqlite takes an object in first
 * position for named parameters and shifts the rest, a boolean or Date means something else on each engine, NaN becomes
 * NULL. Throws a TypeError that names the position (from 1) and never the value.
 */
export function refuseUnstorable(parameters: readonly unknown[]): void {
  for (const [index, value] of parameters.entries()) {
    const problem = problemOf(value);
    if (problem === undefined) continue;
    const place = `bound value ${index + 1} of ${parameters.length}`;
    throw new TypeError(`${place} is ${problem}; bind null, a string, a number, a bigint or a Uint8Array`);
  }
}

function problemOf(value: unknown): string | undefined {
  if (value === null || typeof value === 'string' || value instanceof Uint8Array) return undefined;
  if (typeof value === 'number' || typeof value === 'bigint') {
    const number = Number(value);
    if (!Number.isFinite(number)) return 'not a finite number';
    // It could not be read again exactly.
    return Number.isInteger(number) && !Number.isSafeInteger(number) ? 'an integer beyond 2^53' : undefined;
  }
  if (value === undefined) return 'undefined';
  return typeof value === 'object' ? `an object (${value.constructor?.name ?? 'no class'})` : `a ${typeof value}`;
}
