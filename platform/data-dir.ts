import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/**
 * Claims the data directory for this process: two processes on one journal or one embedded queue would ruin both. The
 * claim is a lock of SQLite on an empty file, which the operating system lets go of however the process ends. Returns the
 * release. Throws an Error that says what to do when another process holds it.
 */
export function claimDataDir(directory: string): () => void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const lock = new DatabaseSync(path.join(directory, 'lock.db'), { timeout: 0 });
  try {
    lock.exec('pragma locking_mode = exclusive; begin exclusive');
  } catch (error) {
    lock.close();
    throw new Error(
      `Another Lectern process uses ${directory}. Stop it, or give this one a DATA_DIR (and PORT) of its own.`,
      { cause: error },
    );
  }
  return () => lock.close();
}
