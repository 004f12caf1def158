/** Longer than any honest transaction: who waits longer for a connection most likely holds it. */
export const turnWithinMs = 30_000;
