/** `npm run test:faults` sets this; `npm test` runs the quick form of every case. */
export const long = process.env.FAULTS_MODE === 'long';

/** Chooses every random thing in this folder. `npm run test:faults -- --seed N` sets it. */
export const seed = Number(process.env.FAULTS_SEED ?? 1);

export const quickOr = <T>(quick: T, inLongMode: T): T => (long ? inLongMode : quick);
