/** Time as the rest of the house sees it: epoch milliseconds. Injected, so that tests can move it. */
export type Clock = { now(): number };

export const systemClock: Clock = { now: () => Date.now() };
