import { closeSync, fstatSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Log } from '#platform/log.ts';
import type { Engine } from './engines.ts';
import { spawnGuest, type GuestProcess } from './guest-process.ts';

/** Something that all guests of an engine begin from, made once per start by a guest of its own. */
export type MadeFile = {
  /** Resolves when `descriptor` is settled. */
  settled: Promise<void>;
  /** For reading; undefined when it could not be made, and guests must start the long way. */
  descriptor(): number | undefined;
  close(): Promise<void>;
};

/** A file without a name: nothing is left behind, whatever ends this process, and nobody else can open it. */
function openNameless(): { writing: number; reading: number } {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'lectern-'));
  try {
    const file = path.join(folder, 'file');
    return { writing: openSync(file, 'wx', 0o600), reading: openSync(file, 'r') };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Lets the maker write its descriptor 6. `what` names the thing in the log. */
export function makeFile(deps: { maker: Engine; after?: MadeFile; what: string; log: Log }): MadeFile {
  const { maker, after, what, log } = deps;
  const startedAt = performance.now();
  let guest: GuestProcess | undefined;
  let reading: number | undefined;
  let made = false;
  let closed = false;

  const make = async () => {
    await after?.settled;
    if (closed) return;
    const files = openNameless();
    reading = files.reading;
    try {
      guest = spawnGuest(maker, { made: files.writing, bundle: after?.descriptor(), log });
      await guest.closed;
    } finally {
      closeSync(files.writing);
    }
    made = guest.end().exitCode === 0;
    if (!made && !closed) throw new Error(`the maker ended with ${guest.end().exitCode}`);
    const ms = Math.round(performance.now() - startedAt);
    log.debug({ what, bytes: fstatSync(reading).size, ms }, 'made ahead of programs');
  };
  const settled = make().catch((error: unknown) => log.warn({ error, what }, 'engines must start the long way'));

  return {
    settled,
    descriptor: () => (made ? reading : undefined),
    close: async () => {
      closed = true;
      guest?.kill();
      await settled;
      if (reading !== undefined) closeSync(reading);
    },
  };
}
