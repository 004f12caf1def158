import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import { Kysely, sql } from 'kysely';
import { databaseFile, openDatabase } from '#platform/db/database.ts';
import type { Schema } from '#platform/db/schema.ts';
import { SqliteClient } from '#platform/db/sqlite-client.ts';
import { isDatabaseAway } from '#platform/db/statements.ts';
import { sqliteDialect } from '#platform/db/sqlite-dialect.ts';
import { databaseEngines, testLog } from '../support/databases.ts';
import { failureOf } from '../support/failure-of.ts';
import { snapshot, user } from './database.rows.ts';

const sqlite = databaseEngines.find(({ name }) => name === 'sqlite')!;

describe('the SQLite thread', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'lectern-sqlite-'));
  });
  after(() => rm(folder, { recursive: true }));

  test('[DB17] the file is made with its folder, readable by its owner only', async (t) => {
    const file = databaseFile(path.join(folder, 'new', 'data'));
    const database = await openDatabase({ file, log: testLog });
    t.after(() => database.close());
    await sql`create table t (x text)`.execute(database.db);
    for (const name of [file, `${file}-wal`]) assert.equal((await stat(name)).mode & 0o777, 0o600);
    assert.equal((await stat(path.dirname(file))).mode & 0o777, 0o700);
  });

  test('[DB17] a file that cannot be opened or is no database is named in the error', async () => {
    const blocked = path.join(folder, 'blocked');
    await writeFile(blocked, '');
    const folderAsFile = path.join(folder, 'folder.db');
    await mkdir(folderAsFile);
    const noise = path.join(folder, 'noise.db');
    await writeFile(noise, 'This is a letter, and quite a long one, but it is no database. '.repeat(100));
    for (const file of [path.join(blocked, 'lectern.db'), folderAsFile, noise]) {
      const error = await failureOf(openDatabase({ file, log: testLog }));
      assert.ok(error.message.startsWith(`cannot open the database file ${file}: `), error.message);
    }
  });

  test('[DB18] a committed row survives kill -9', async (t) => {
    const opened = await sqlite.open();
    t.after(() => opened.drop());
    assert.ok('file' in opened.place);
    const writer = spawn(process.execPath, [path.join(import.meta.dirname, 'database.writer.ts'), opened.place.file], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = once(writer, 'exit');
    const reported: string[] = [];
    for await (const id of createInterface({ input: writer.stdout })) {
      reported.push(id);
      if (reported.length === 25) writer.kill('SIGKILL');
    }
    assert.deepEqual(await exited, [null, 'SIGKILL']);
    assert.ok(reported.length >= 25);
    const rows = await opened.database.db.selectFrom('users').select('id').execute();
    const stored = new Set(rows.map(({ id }) => id));
    assert.deepEqual(
      reported.filter((id) => !stored.has(id)),
      [],
    );
    const { rows: check } = await sql`pragma integrity_check`.execute(opened.database.db);
    assert.deepEqual(check, [{ integrity_check: 'ok' }]);
  });

  test('[DB19] a commit is flushed to the disk before it is reported', async (t) => {
    const opened = await sqlite.open();
    t.after(() => opened.drop());
    const { rows: journal } = await sql`pragma journal_mode`.execute(opened.database.db);
    const { rows: flush } = await sql`pragma synchronous`.execute(opened.database.db);
    assert.deepEqual([journal, flush], [[{ journal_mode: 'wal' }], [{ synchronous: 2 }]]);
  });

  test('[DB20] a slow statement does not hold up the event loop', async (t) => {
    const opened = await sqlite.open();
    t.after(() => opened.drop());
    let running = true;
    const startedAt = performance.now();
    const slow = sql`with recursive n(i) as (select 1 union all select i + 1 from n where i < 2000000)
      select count(*) as n from n`
      .execute(opened.database.db)
      .finally(() => (running = false));
    let turns = 0;
    let longestMs = 0;
    for (let last = startedAt; running; turns += 1) {
      await nextTurn();
      const now = performance.now();
      longestMs = Math.max(longestMs, now - last);
      last = now;
    }
    const tookMs = performance.now() - startedAt;
    assert.deepEqual((await slow).rows, [{ n: 2_000_000 }]);
    assert.ok(tookMs > 100, `the statement was too fast to tell: ${tookMs} ms`);
    assert.ok(turns > 100 && longestMs < tookMs / 2, `${turns} turns in ${tookMs} ms, the longest ${longestMs} ms`);
  });

  for (const [how, die] of [
    ['ends', (thread: Worker) => void thread.terminate()],
    // No request looks like this: the thread throws outside of any.
    ['throws', (thread: Worker) => thread.postMessage(null)],
  ] as const) {
    test(`[DB21, DB37] when the thread ${how}, waiting and later statements reject, and closing ends`, async () => {
      const started = once(process, 'worker');
      const database = await openDatabase({ file: path.join(folder, `${how}.db`), log: testLog });
      const [thread] = (await started) as [Worker];
      const exited = once(thread, 'exit').catch(() => {});
      die(thread);
      const waiting = ['select 1 as x', 'select 2 as x'].map((query) => sql.raw(query).execute(database.db));
      for (const error of await Promise.all(waiting.map(failureOf))) assert.ok(isDatabaseAway(error), String(error));
      await exited;
      await assert.rejects(database.ping(), isDatabaseAway);
      await database.close();
    });
  }

  test('[DB22] statements sent before closing are carried out, later ones reject', async (t) => {
    const file = path.join(folder, 'closing.db');
    const database = await openDatabase({ file, log: testLog });
    const made = sql`create table made (x text)`.execute(database.db);
    await nextTurn();
    await database.close();
    await made;
    await assert.rejects(sql`select * from made`.execute(database.db), /destroyed/);
    const again = await openDatabase({ file, log: testLog });
    t.after(() => again.close());
    assert.deepEqual((await sql`select * from made`.execute(again.db)).rows, []);
  });

  test('[DB23] a full disk is what the caller hears of, and nothing of the transaction stays', async (t) => {
    const opened = await sqlite.open();
    t.after(() => opened.drop());
    const { db } = opened.database;
    await sql`pragma max_page_count = 100`.execute(db);
    const error = await failureOf(
      db.transaction().execute(async (trx) => {
        await trx.insertInto('users').values(user('full')).execute();
        await trx
          .insertInto('document_snapshots')
          .values(snapshot('full', 0, new Uint8Array(1_000_000)))
          .execute();
      }),
    );
    assert.match(error.message, /database or disk is full/);
    assert.deepEqual(await db.selectFrom('users').select('id').execute(), []);
  });

  test('[DB24, DB37] who uses `db` inside a transaction of it is told so instead of waiting for ever', async (t) => {
    const client = await SqliteClient.open(path.join(folder, 'turns.db'), testLog);
    const db = new Kysely<Schema>({ dialect: sqliteDialect(client, { turnWithinMs: 50 }) });
    t.after(() => db.destroy());
    const error = await failureOf(db.transaction().execute(() => sql`select 1`.execute(db)));
    assert.match(error.message, /does a transaction use `db` inside itself/);
    assert.ok(isDatabaseAway(error));
    assert.deepEqual((await sql`select 1 as x`.execute(db)).rows, [{ x: 1 }]);
  });

  test('[DB2] an integer of the answer beyond 2^53 is an error, not another number', async (t) => {
    const opened = await sqlite.open();
    t.after(() => opened.drop());
    const error = await failureOf(sql`select 9007199254740993 as x`.execute(opened.database.db));
    assert.match(error.message, /^an integer of the answer is beyond 2\^53/);
    assert.equal(isDatabaseAway(error), false);
  });
});
