import { closeSync, fstatSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Log } from '#platform/log.ts';
import { pythonEngine } from './engines.ts';
import { spawnGuest } from './guest-process.ts';

export type Snapshot = {
  /** Resolves when `descriptor` is settled. */
  settled: Promise<void>;
  /** For reading; undefined when no snapshot could be made, so that each process must boot the long way. */
  descriptor(): number | undefined;
  close(): Promise<void>;
};

/** A file without a name: nothing is left behind, whatever ends this process, and no program can find it. */
function openNameless(): { writing: number; reading: number } {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'lectern-'));
  try {
    const file = path.join(folder, 'snapshot');
    return { writing: openSync(file, 'wx', 0o600), reading: openSync(file, 'r') };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * Makes the memory of a booted Python, with the driver and the common modules in it, once per start: a process that begins
 * from it is up in a fraction of the time and of the work.
 */
export function makeSnapshot({ log }: { log: Log }): Snapshot {
  const startedAt = performance.now();
  const slow = 'Python has no snapshot and starts slowly';
  let files: { writing: number; reading: number };
  try {
    files = openNameless();
  } catch (error) {
    log.warn({ error }, slow);
    return { settled: Promise.resolve(), descriptor: () => undefined, close: async () => {} };
  }
  const { writing, reading } = files;
  let made = false;
  let closed = false;
  const maker = spawnGuest(pythonEngine, { snapshot: writing, extraArgs: ['make-snapshot'], log });
  const settled = maker.closed.then(() => {
    closeSync(writing);
    made = maker.exitCode() === 0;
    const ms = Math.round(performance.now() - startedAt);
    if (made) log.debug({ bytes: fstatSync(reading).size, ms }, 'Python has a snapshot to start from');
    else if (!closed) log.warn({ ms }, slow);
  });
  return {
    settled,
    descriptor: () => (made ? reading : undefined),
    close: async () => {
      closed = true;
      await maker.kill();
      await settled;
      closeSync(reading);
    },
  };
}
