import type { Kysely } from 'kysely';
import type { Bus } from '#platform/bus/bus.ts';
import type { Clock } from '#platform/clock.ts';
import type { Config } from '#platform/config.ts';
import type { Schema } from '#platform/db/schema.ts';
import type { NewId } from '#platform/ids.ts';
import type { Log } from '#platform/log.ts';
import type { RunQueue } from '#platform/queue/run-queue.ts';
import type { Tokens } from '#platform/tokens.ts';

/** What the API stands on. A feature takes the part it needs: `Pick<ApiDeps, 'db' | 'clock'>`. */
export type ApiDeps = {
  config: Config;
  log: Log;
  clock: Clock;
  newId: NewId;
  db: Kysely<Schema>;
  bus: Bus;
  queue: RunQueue;
  tokens: Tokens;
  /** The built web page, served at `/`; undefined: none. */
  pageDir: string | undefined;
  /** For tests: an answer or error that its route does not declare becomes a 500. */
  checkResponses?: boolean;
};
