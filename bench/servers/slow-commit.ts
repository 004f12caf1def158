import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

/**
 * Preloaded (`--import`) into a server process and so into its threads: each fdatasync takes BENCH_COMMIT_DELAY_MS more,
 * as on a slow disk. Only Node's own is touched, which the journal uses; SQLite syncs by itself.
 */
const delayMs = Number(process.env.BENCH_COMMIT_DELAY_MS ?? 0);
const never = new Int32Array(new SharedArrayBuffer(4));
const { fdatasyncSync } = fs;

fs.fdatasyncSync = (descriptor) => {
  fdatasyncSync(descriptor);
  if (delayMs > 0) Atomics.wait(never, 0, 0, delayMs);
};
syncBuiltinESMExports();
