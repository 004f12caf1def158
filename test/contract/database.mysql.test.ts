import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Kysely, sql } from 'kysely';
import { openDatabase } from '#platform/db/database.ts';
import { mysqlDialect } from '#platform/db/mysql-dialect.ts';
import type { Schema } from '#platform/db/schema.ts';
import { isDatabaseAway } from '#platform/db/statements.ts';
import { databaseEngines, testLog, type TestDatabase } from '../support/databases.ts';
import { failureOf } from '../support/failure-of.ts';

const mysql = databaseEngines.find(({ name }) => name === 'mysql')!;

describe('the MySQL pool', { skip: mysql.skip }, () => {
  let opened: TestDatabase;
  let url: string;
  before(async () => {
    opened = await mysql.open();
    assert.ok('url' in opened.place);
    url = opened.place.url;
  });
  after(() => opened.drop());

  test('[DB25] each session is strict and escapes by backslash, whatever the mode of the server', async () => {
    const { rows } = await sql<{ mode: string }>`select @@session.sql_mode as mode`.execute(opened.database.db);
    const modes = rows[0]!.mode.split(',');
    assert.ok(modes.includes('STRICT_ALL_TABLES'), rows[0]!.mode);
    assert.ok(!modes.includes('NO_BACKSLASH_ESCAPES') && !modes.includes('ANSI_QUOTES'), rows[0]!.mode);
  });

  test('[DB25] every table compares text by code point, whatever the default of the server', async () => {
    const { rows } = await sql<{ collation: string }>`
      select distinct collation_name as collation from information_schema.columns
      where table_schema = database() and table_name not like 'kysely%' and collation_name is not null
    `.execute(opened.database.db);
    assert.deepEqual(rows, [{ collation: 'utf8mb4_bin' }]);
  });

  test("[DB26, DB37] a server that stays silent is given up, and its late answer is nobody else's", async (t) => {
    const db = new Kysely<Schema>({ dialect: mysqlDialect(url, { answerWithinMs: 150, turnWithinMs: 1_000 }) });
    t.after(() => db.destroy());
    const error = await failureOf(sql`select sleep(1) as late`.execute(db));
    assert.ok(isDatabaseAway(error), String(error));
    assert.deepEqual((await sql`select 1 as x`.execute(db)).rows, [{ x: 1 }]);
  });

  test('[DB27, DB37] a connection lost in a transaction fails that transaction only', async () => {
    const { db } = opened.database;
    const error = await failureOf(
      db.transaction().execute(async (trx) => {
        const { rows } = await sql<{ id: number }>`select connection_id() as id`.execute(trx);
        await sql`kill ${sql.lit(rows[0]!.id)}`.execute(db);
        await sql`select 1`.execute(trx);
      }),
    );
    assert.ok(isDatabaseAway(error), String(error));
    assert.deepEqual((await sql`select 1 as x`.execute(db)).rows, [{ x: 1 }]);
  });

  test("[DB24] transactions that wait for each other's connections are told so instead of waiting for ever", async (t) => {
    const db = new Kysely<Schema>({ dialect: mysqlDialect(url, { answerWithinMs: 5_000, turnWithinMs: 300 }) });
    t.after(() => db.destroy());
    const all = Array.from({ length: 10 }, () => db.transaction().execute(() => sql`select 1`.execute(db)));
    const outcomes = await Promise.allSettled(all);
    const failures = outcomes.filter((outcome) => outcome.status === 'rejected');
    assert.ok(failures.length > 0);
    for (const { reason } of failures) assert.match(String(reason), /do transactions use `db` inside themselves/);
    assert.deepEqual((await sql`select 1 as x`.execute(db)).rows, [{ x: 1 }]);
  });

  test('[DB28, DB37] a database that cannot be reached is named in the error, its password is not', async () => {
    const wrong = [
      'mysql://someone:s3cret@127.0.0.1:1/class',
      Object.assign(new URL(url), { username: 'nobody', password: 's3cret' }).href,
    ];
    for (const place of wrong) {
      const error = await failureOf(openDatabase({ url: place, log: testLog }));
      const { host, pathname } = new URL(place);
      assert.ok(isDatabaseAway(error.cause));
      assert.ok(error.message.startsWith(`cannot use the database ${pathname.slice(1)} at ${host}: `), error.message);
      assert.ok(!`${error.stack}${String(error.cause)}${JSON.stringify(error.cause)}`.includes('s3cret'));
    }
  });
});
