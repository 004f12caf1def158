/** `npm run test:faults` sets this; `npm test` runs the quick form of every case. */
export const long = process.env.FAULTS_MODE === 'long';

/** Chooses every random thing in this folder. `npm run test:faults -- --seed N` sets it. */
export const seed = Number(process.env.FAULTS_SEED ?? 1);

/** How often the server is killed. `npm run test:faults -- --rounds N` sets it. */
export const killRoundCount = long ? Number(process.env.FAULTS_ROUNDS ?? 200) : 3;

export const quickOr = <T>(quick: T, inLongMode: T): T => (long ? inLongMode : quick);
