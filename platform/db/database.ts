import path from 'node:path';
import { Kysely, sql, type Dialect } from 'kysely';
import { withDeadline } from '../lifecycle.ts';
import type { Log } from '../log.ts';
import type { Engine } from './database-error.ts';
import { mysqlDialect } from './mysql-dialect.ts';
import type { Schema } from './schema.ts';
import { SqliteClient } from './sqlite-client.ts';
import { sqliteDialect } from './sqlite-dialect.ts';

export interface Database {
  readonly db: Kysely<Schema>;
  readonly engine: Engine;
  /** Rejects when the database does not answer within two seconds. */
  ping(): Promise<void>;
  /** Ends the connections after what was sent; later queries reject. */
  close(): Promise<void>;
}

const pingWithinMs = 2_000;

/** Where the embedded database lives. */
export function databaseFile(dataDir: string): string {
  return path.join(dataDir, 'lectern.db');
}

/**
 * Opens the one database: `url` (mysql://…) when given, else the SQLite `file`, made together with its folder. Answers
 * only after the database has answered; throws an Error that says what could not be used. No tables are made here.
 */
export async function openDatabase(options: { url?: string; file?: string; log: Log }): Promise<Database> {
  const { url, file, log } = options;
  if (url !== undefined) {
    const { host, pathname } = new URL(url);
    return proven(wrap(mysqlDialect(url), 'mysql'), `${pathname.slice(1)} at ${host}`);
  }
  if (file === undefined) throw new TypeError('openDatabase needs a url or a file');
  return proven(wrap(sqliteDialect(await SqliteClient.open(file, log)), 'sqlite'), file);
}

async function proven(database: Database, place: string): Promise<Database> {
  try {
    await sql`select 1`.execute(database.db);
    return database;
  } catch (error) {
    await database.close();
    throw new Error(`cannot use the database ${place}: ${(error as Error).message}`, { cause: error });
  }
}

function wrap(dialect: Dialect, engine: Engine): Database {
  const db = new Kysely<Schema>({ dialect });
  let pinging: Promise<unknown> | undefined;
  return {
    db,
    engine,
    async ping() {
      // One question at a time: a database that hangs is not buried under more of them.
      pinging ??= sql`select 1`.execute(db).finally(() => (pinging = undefined));
      await withDeadline(pinging, pingWithinMs, 'asking the database');
    },
    close: () => db.destroy(),
  };
}
