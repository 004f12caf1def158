import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import type { Worker } from 'node:worker_threads';
import { sql } from 'kysely';
import { openDatabase } from '#platform/db/database.ts';
import { openJournal } from '../../collab/journal/journal.ts';
import { createWritePath, type LogState } from '../../collab/log/write-path.ts';
import { update as updateRow } from '../contract/database.rows.ts';
import { databaseEngines, testLog } from '../support/databases.ts';
import { recordLog } from '../support/record-log.ts';
import { waitFor } from '../support/wait-for.ts';
import { openTestLog, typist, words, type TestLog } from './log-support.ts';

const [, mysql] = databaseEngines;
const document = { key: 'c:c:main', epoch: 7 };

/** The write path over a real journal; its rows are called `row-001`, `row-002`, … in the order of appending. */
async function openWritePath(t: TestContext, log: TestLog, options: { collectMs?: number } = {}) {
  const directory = await mkdtemp(path.join(tmpdir(), 'lectern-store-'));
  const lines = recordLog();
  const journal = await openJournal({ directory, log: testLog });
  let made = 0;
  let committed = 0;
  const newId = () => `row-${(made += 1).toString().padStart(3, '0')}`;
  const commit = (batch: readonly unknown[]) => void (committed += batch.length);
  const deps = { ...log.deps, ...options, journal, newId, log: lines.log, maxPendingBytes: 2 ** 26, commit };
  const writePath = createWritePath(deps);
  const states: LogState[] = [];
  writePath.onState((state) => void states.push(state));
  t.after(async () => {
    await writePath.close();
    await journal.close();
    await rm(directory, { recursive: true });
  });
  const stored: string[] = [];
  const append = (update: Uint8Array, to = document.key) => {
    const id = `row-${(made + 1).toString().padStart(3, '0')}`;
    writePath.append({ document: to, epoch: document.epoch, userId: 'u', update }, () => void stored.push(id));
    return id;
  };
  return { writePath, journal, directory, append, stored, states, text: lines.text, committed: () => committed };
}

const rowsOf = (log: TestLog) =>
  log.db.selectFrom('document_updates').selectAll().orderBy('id').orderBy('part').execute();

for (const engine of databaseEngines) {
  describe(`storing on ${engine.name}`, { skip: engine.skip }, () => {
    test('[LOG16] what is committed collects for the database, and goes at once when somebody waits or it is much', async (t) => {
      const log = await openTestLog(t, engine);
      const { writePath, append, stored, committed } = await openWritePath(t, log, { collectMs: 3_600_000 });
      const hand = typist();
      hand.type(...words(510));
      for (const update of hand.updates.splice(0, 5)) {
        append(update);
        await writePath.settled(document.key);
      }
      assert.equal(committed(), 5);
      assert.deepEqual(await rowsOf(log), []);
      await writePath.stored(document.key);
      assert.deepEqual([(await rowsOf(log)).length, stored.length], [5, 5]);

      for (const update of hand.updates.splice(0, 5)) append(update);
      await writePath.drained();
      assert.equal((await rowsOf(log)).length, 10);
      for (const update of hand.updates) append(update);
      await waitFor(async () => (await rowsOf(log)).length === 510, { what: 'a full batch to go by itself' });
    });

    test('[LOG16] without anybody waiting it goes after a moment', async (t) => {
      const log = await openTestLog(t, engine);
      const { append, stored } = await openWritePath(t, log);
      const hand = typist();
      hand.type('a');
      append(hand.updates[0]!);
      await waitFor(() => stored.length === 1);
    });

    test('[LOG17] updates that the database refuses for good go into quarantine, the others are stored in order', async (t) => {
      const log = await openTestLog(t, engine);
      const { writePath, journal, append, stored, text, directory } = await openWritePath(t, log);
      const hand = typist();
      hand.type(...words(40));
      const refused: string[] = [];
      for (const [index, update] of hand.updates.entries()) {
        if (index % 17 === 5) refused.push(append(update, 'x'.repeat(161)));
        append(update);
      }
      await writePath.drained();
      const ids = (await rowsOf(log)).map(({ id }) => id);
      assert.equal(ids.length, 40);
      assert.deepEqual(stored, ids);
      assert.deepEqual(
        (await log.quarantined()).map(({ source, document: name, user_id }) => [source, name, user_id]),
        refused.map((id) => [id, 'x'.repeat(161), 'u']),
      );
      assert.equal(text().match(/an update that cannot be stored is in quarantine/g)?.length, refused.length);
      assert.equal(writePath.state(), 'ok');
      // Nothing is left for the next start to stumble over.
      await writePath.close();
      await journal.close();
      const next = await openJournal({ directory, log: testLog });
      assert.deepEqual(next.recovered, []);
      await next.close();
    });

    test('[LOG17] when the table is at fault nothing is put aside: all of it waits', async (t) => {
      const log = await openTestLog(t, engine);
      const { writePath, append, stored, states, text } = await openWritePath(t, log);
      const hand = typist();
      hand.type(...words(10));
      await log.db.schema.alterTable('document_updates').renameTo('not_there').execute();
      for (const update of hand.updates) append(update);
      await waitFor(() => text().includes('the database does not take document updates'));
      await waitFor(() => writePath.state() === 'buffering');
      await log.db.schema.alterTable('not_there').renameTo('document_updates').execute();
      await writePath.drained();
      assert.deepEqual([stored.length, (await rowsOf(log)).length, (await log.quarantined()).length], [10, 10, 0]);
      await waitFor(() => states.at(-1) === 'ok');
    });
  });
}

test(
  '[LOG18] D9: row lock, deadlock and killed connection: each update is stored once and in order',
  { skip: mysql!.skip },
  async (t) => {
    const log = await openTestLog(t, mysql!);
    if (!('url' in log.place)) throw new Error('a server has an address');
    const { db } = log;
    const other = await openDatabase({ ...log.place, log: testLog });
    t.after(() => other.close());
    const { writePath, append, stored, states, text } = await openWritePath(t, log);
    const hand = typist();
    hand.type(...words(15));
    const { updates } = hand;
    /** The write path is the only user of its pool for now, so this is the connection it will get. */
    const lockWait = (seconds: number) => sql`set session innodb_lock_wait_timeout = ${sql.lit(seconds)}`.execute(db);
    const waiting = async () => {
      // InnoDB shows the same picture for as long as somebody looks more often than every 100 ms.
      await sql`select sleep(0.2)`.execute(other.db);
      const { rows } = await sql<{ id: number }>`
      select trx_mysql_thread_id as id from information_schema.innodb_trx
      join information_schema.processlist p on p.id = trx_mysql_thread_id
      where trx_state = 'LOCK WAIT' and p.db = database()`.execute(other.db);
      return rows[0]?.id;
    };
    /** Holds the row `blocked` while `during` goes on; then lets go of it. */
    const holding = (blocked: string, during: (insert: (id: string) => Promise<unknown>) => Promise<void>) =>
      other.db.connection().execute(async (connection) => {
        const insert = (id: string) => connection.insertInto('document_updates').values(updateRow(id, 0)).execute();
        await sql`begin`.execute(connection);
        await insert(blocked);
        await during(insert);
        await sql`rollback`.execute(connection);
      });
    const appendFive = (from: number) => {
      for (const update of updates.slice(from, from + 5)) append(update);
    };

    await t.test('[LOG18] a row is locked for longer than the database waits', async () => {
      await lockWait(1);
      await holding('row-003', async () => {
        appendFive(0);
        await waitFor(() => text().includes('mysql 1205'), { withinMs: 20_000 });
        await waitFor(() => states.at(-1) === 'buffering');
      });
      await writePath.drained();
      assert.equal(stored.length, 5);
    });

    await t.test('[LOG18] a deadlock in which the write path is given up', async () => {
      await lockWait(50);
      await holding('row-008', async (insert) => {
        // InnoDB gives up the one that has changed less.
        for (let index = 0; index < 50; index += 1) await insert(`zz-${index}`);
        appendFive(5);
        await waitFor(waiting, { withinMs: 20_000 });
        await insert('row-006');
        await waitFor(() => text().includes('mysql 1213'), { withinMs: 20_000 });
      });
      await writePath.drained();
      assert.equal(stored.length, 10);
    });

    await t.test('[LOG18] the connection is killed in the middle of the transaction', async () => {
      const before = text().split('the database does not take document updates').length;
      await holding('row-013', async () => {
        appendFive(10);
        const id = await waitFor(waiting, { withinMs: 20_000 });
        await sql`kill ${sql.lit(id)}`.execute(other.db);
        await waitFor(() => text().split('the database does not take document updates').length > before);
      });
      await writePath.drained();
    });

    const rows = await rowsOf(log);
    const expected = updates.map((_, index) => `row-${(index + 1).toString().padStart(3, '0')}`);
    assert.deepEqual(
      rows.map(({ id }) => id),
      expected,
    );
    assert.deepEqual(stored, expected);
    for (const [index, { data }] of rows.entries()) assert.deepEqual(Buffer.from(data), Buffer.from(updates[index]!));
    assert.deepEqual(await log.quarantined(), []);
  },
);

test('[LOG19] when the thread of the journal has stopped the log says that it is full', async (t) => {
  const threads: Worker[] = [];
  const found = (worker: Worker) => void threads.push(worker);
  process.on('worker', found);
  t.after(() => void process.off('worker', found));
  const log = await openTestLog(t, databaseEngines[0]!);
  threads.length = 0;
  const { writePath, journal, append, stored } = await openWritePath(t, log);
  const hand = typist();
  hand.type('kept ', 'never committed');
  append(hand.updates[0]!);
  await writePath.drained();
  assert.equal(journal.healthy(), true);
  const [thread] = threads;
  await thread!.terminate();
  append(hand.updates[1]!);
  await waitFor(() => writePath.state() === 'full');
  assert.equal(journal.healthy(), false);
  assert.deepEqual(writePath.pending(document.key), []);
  assert.deepEqual(stored, ['row-001']);
});
