import { renameSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { createPostgresBackend, type IQueueBackend, type PgPool, runMigrations, withBackend } from 'bullmq';
import type { Log } from '#platform/log.ts';
import type { Engine } from './engine.ts';
import { createMemoryControl } from './memory-control.ts';
import { createMemoryRegistry } from './memory-registry.ts';
import { poolOver } from './pglite-pool.ts';

const tidyEveryMs = 3_600_000;

/**
 * BullMQ on a PostgreSQL that runs inside of this thread and keeps its files in `folder`. It computes within the thread's
 * event loop, so it belongs into a thread of its own.
 */
export async function openPgliteEngine(deps: { folder: string; log: Log }): Promise<Engine<PgPool>> {
  const { folder, log } = deps;
  await mkdir(path.dirname(folder), { recursive: true });
  const database = await openDatabase(folder, log);
  const pool = poolOver(database);
  await runMigrations(pool, 'bullmq');
  await database.exec('SET search_path TO bullmq');
  // Whoever worked on these jobs was in a process that has ended; the first check will find them.
  await database.exec(`UPDATE job SET locked_until_ms = 0, stalled_marked = true WHERE state = 'active'`);

  // PGlite has no autovacuum, and a queue is nothing but rows that change and go.
  const tidy = setInterval(() => {
    database
      .exec('VACUUM job, event, meta')
      .catch((error: unknown) => log.warn({ error }, 'could not tidy the queue up'));
  }, tidyEveryMs);

  return {
    classes: withBackend<IQueueBackend, PgPool>(createPostgresBackend),
    connections: { commands: pool, loops: pool },
    prefix: '',
    // Nobody else can take a job, so it may stay with a thread that did not come to its turn for long.
    lockMs: 60_000,
    // News is never lost within one thread, and looking costs more than on Redis.
    waitSeconds: 30,
    // PostgreSQL's jsonb refuses U+0000 and lone surrogates, which programs print; the JSON text of them it takes.
    codec: {
      encode: (value) => JSON.stringify(value ?? null),
      decode: (stored) => (typeof stored === 'string' ? (JSON.parse(stored) as unknown) : stored),
    },
    control: createMemoryControl(),
    registry: createMemoryRegistry(),
    healthy: () => database.ready && !database.closed,
    async close() {
      clearInterval(tidy);
      await database.close();
    },
  };
}

/** A queue that cannot be read, such as one whose first start was cut short, must not keep the whole process down. */
async function openDatabase(folder: string, log: Log): Promise<PGlite> {
  try {
    return await PGlite.create(folder);
  } catch (error) {
    const aside = `${folder}.unreadable-${Date.now()}`;
    renameSync(folder, aside);
    log.error({ error, aside }, 'the run queue was unreadable and begins anew; what waited in it is added again');
    return PGlite.create(folder);
  }
}
