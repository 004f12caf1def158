import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { sql } from 'kysely';
import { databaseFile, openDatabase, type Database } from '#platform/db/database.ts';
import { createLog } from '#platform/log.ts';
import { migrate } from '../../migrations/index.ts';

export type TestDatabase = {
  database: Database;
  /** How to open the same database once more. */
  place: { url: string } | { file: string };
  /** Closes it and takes it away. */
  drop(): Promise<void>;
};

export type DatabaseEngine = {
  name: 'sqlite' | 'mysql';
  /** The reason why it cannot be tested here. */
  skip: string | false;
  /** A database of one's own, migrated. */
  open(): Promise<TestDatabase>;
  /** The same without tables. */
  openEmpty(): Promise<TestDatabase>;
};

export const testLog = createLog({ level: 'silent' });

const serverUrl = process.env.TEST_DATABASE_URL;

/** Every engine there is, for `for (const engine of databaseEngines) test(…, { skip: engine.skip }, …)`. */
export const databaseEngines: readonly DatabaseEngine[] = [
  engine('sqlite', false, openSqlite),
  engine('mysql', serverUrl ? false : 'set TEST_DATABASE_URL to run this on MySQL or MariaDB', openMysql),
];

function engine(name: DatabaseEngine['name'], skip: string | false, openEmpty: () => Promise<TestDatabase>) {
  return {
    name,
    skip,
    openEmpty,
    async open() {
      const opened = await openEmpty();
      await migrate(opened.database, 'up', testLog);
      return opened;
    },
  };
}

async function openSqlite(): Promise<TestDatabase> {
  const folder = await mkdtemp(path.join(tmpdir(), 'lectern-db-'));
  const file = databaseFile(path.join(folder, 'data'));
  const database = await openDatabase({ file, log: testLog });
  return {
    database,
    place: { file },
    async drop() {
      await database.close();
      await rm(folder, { recursive: true });
    },
  };
}

async function openMysql(): Promise<TestDatabase> {
  const name = `lectern_test_${randomBytes(8).toString('hex')}`;
  await onServer(sql`create database ${sql.id(name)}`);
  const url = new URL(serverUrl!);
  url.pathname = `/${name}`;
  const database = await openDatabase({ url: url.href, log: testLog });
  return {
    database,
    place: { url: url.href },
    async drop() {
      await database.close();
      await onServer(sql`drop database ${sql.id(name)}`);
    },
  };
}

async function onServer(statement: ReturnType<typeof sql>): Promise<void> {
  const server = await openDatabase({ url: serverUrl!, log: testLog });
  try {
    await statement.execute(server.db);
  } finally {
    await server.close();
  }
}
