import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { sql, type Kysely } from 'kysely';
import { openDatabase } from '#platform/db/database.ts';
import type { Schema } from '#platform/db/schema.ts';
import * as rows from '../test/contract/database.rows.ts';
import { databaseEngines, testLog } from '../test/support/databases.ts';
import { failureOf } from '../test/support/failure-of.ts';
import { migrate, type MigrationState } from './index.ts';

const applied = (states: MigrationState[]) => states.filter(({ appliedAt }) => appliedAt !== undefined).length;
const changed = (states: MigrationState[]) => states.filter((state) => state.changed).map(({ name }) => name);

async function tablesOf(db: Kysely<Schema>): Promise<string[]> {
  return (await db.introspection.getTables()).map(({ name }) => name).toSorted();
}

/** A row in every table, with every column of the schema. */
const everything: { [T in keyof Schema]: Schema[T] } = {
  users: rows.user('u'),
  sessions: rows.session('s', 'u'),
  refresh_tokens: rows.refreshToken('t', 's'),
  classrooms: rows.classroom('c', 'u'),
  members: rows.member('c', 'u'),
  documents: rows.documentRow('c:c:main'),
  document_updates: rows.update('w', 0, { crc: 4_294_967_295 }),
  document_snapshots: { ...rows.snapshot('d', 0, new Uint8Array([1, 2])), crc: 1, epoch: 65_535 },
  document_quarantine: {
    ...{ id: 'q', kind: 'row', source: 'w', part: 0, document: 'd', epoch: 1, user_id: null, reason: '', at: 1 },
    data: new Uint8Array([3]),
  },
  runs: rows.run('r', 'c', 'u', {}),
};

for (const engine of databaseEngines) {
  describe(`migrations on ${engine.name}`, { skip: engine.skip }, () => {
    test('[DB29] up makes every table of the schema, and again changes nothing', async (t) => {
      const { database, drop } = await engine.openEmpty();
      t.after(drop);
      const states = await migrate(database, 'up', testLog);
      assert.ok(states.every((state) => state.changed && Math.abs(state.appliedAt! - Date.now()) < 60_000));
      for (const [table, row] of Object.entries(everything) as [keyof Schema, object][]) {
        await database.db.insertInto(table).values(row).execute();
        const stored = await database.db.selectFrom(table).selectAll().execute();
        assert.deepEqual(
          stored.map((fields) => ({ ...fields, ...('data' in fields && { data: new Uint8Array(fields.data) }) })),
          [row],
        );
      }
      assert.deepEqual(changed(await migrate(database, 'up', testLog)), []);
      assert.deepEqual(await tablesOf(database.db), Object.keys(everything).toSorted());
    });

    test('[DB30] down takes back the newest, down to nothing, and up makes everything again', async (t) => {
      const { database, drop } = await engine.open();
      t.after(drop);
      const names = (await migrate(database, 'status', testLog)).map(({ name }) => name);
      for (const name of names.toReversed())
        assert.deepEqual(changed(await migrate(database, 'down', testLog)), [name]);
      assert.deepEqual(changed(await migrate(database, 'down', testLog)), []);
      assert.deepEqual(await tablesOf(database.db), []);
      assert.deepEqual(changed(await migrate(database, 'up', testLog)), names);
      await database.db.insertInto('users').values(rows.user('u')).execute();
    });

    test('[DB31] status only looks', async (t) => {
      const { database, drop } = await engine.openEmpty();
      t.after(drop);
      const states = await migrate(database, 'status', testLog);
      assert.ok(states.length >= Object.keys(everything).length);
      assert.equal(applied(states), 0);
      assert.deepEqual(await database.db.introspection.getTables({ withInternalKyselyTables: true }), []);
    });

    test('[DB32] of several that migrate at once, each migration is applied by one', async (t) => {
      const first = await engine.openEmpty();
      t.after(first.drop);
      const others = await Promise.all([1, 2].map(() => openDatabase({ ...first.place, log: testLog })));
      for (const other of others) t.after(() => other.close());
      const results = await Promise.all([first.database, ...others].map((each) => migrate(each, 'up', testLog)));
      assert.deepEqual(
        results.map(applied),
        results.map((states) => states.length),
      );
      assert.deepEqual(
        results.flatMap(changed).toSorted(),
        results[0]!.map(({ name }) => name),
      );
    });

    test('[DB33] a migration that was interrupted before it was noted down is done again', async (t) => {
      const { database, drop } = await engine.open();
      t.after(drop);
      await database.db.insertInto('users').values(rows.user('u')).execute();
      await database.db.schema.dropTable('runs').execute();
      await sql`delete from kysely_migration where name >= '0006'`.execute(database.db);
      const again = (await migrate(database, 'status', testLog))
        .map(({ name }) => name)
        .filter((name) => name >= '0006');
      assert.deepEqual(changed(await migrate(database, 'up', testLog)), again);
      assert.equal((await database.db.selectFrom('users').select('id').execute()).length, 1);
      assert.deepEqual(await tablesOf(database.db), Object.keys(everything).toSorted());
    });

    test('[DB34] a database that a newer program has migrated is left alone, and the error names what is unknown', async (t) => {
      const { database, drop } = await engine.open();
      t.after(drop);
      await sql`insert into kysely_migration (name, timestamp) values ('9999-future', '2099-01-01T00:00:00.000Z')`.execute(
        database.db,
      );
      assert.match((await failureOf(migrate(database, 'up', testLog))).message, /9999-future is missing/);
    });
  });
}
