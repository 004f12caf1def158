import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { sql, type Kysely } from 'kysely';
import type { Schema } from '#platform/db/schema.ts';
import { insertMissing, isDatabaseAway, isForeignKeyViolation, isUniqueViolation } from '#platform/db/statements.ts';
import type { DatabaseEngine, TestDatabase } from '../support/databases.ts';
import { failureOf } from '../support/failure-of.ts';
import { classroom, refreshToken, session, update, user } from './database.rows.ts';

/** Keys, errors and transactions mean the same on every engine. Each test uses keys of its own, so that all share one database. */
export function databaseContract(engine: DatabaseEngine): void {
  describe(`database on ${engine.name}`, { skip: engine.skip }, () => {
    let opened: TestDatabase;
    let db: Kysely<Schema>;
    before(async () => {
      opened = await engine.open();
      db = opened.database.db;
    });
    after(() => opened.drop());

    const nameOf = async (id: string) =>
      (await db.selectFrom('users').select('name').where('id', '=', id).executeTakeFirst())?.name;

    test('[DB4] a row whose key is taken is a unique violation, on primary and on other keys', async () => {
      await db
        .insertInto('users')
        .values(user('taken', { email: 'taken@lectern.local' }))
        .execute();
      for (const row of [user('taken'), user('other', { email: 'taken@lectern.local' })]) {
        const error = await failureOf(db.insertInto('users').values(row).execute());
        assert.deepEqual([isUniqueViolation(error), isForeignKeyViolation(error)], [true, false]);
      }
      assert.equal(await nameOf('other'), undefined);
    });

    test('[DB4] a reference to nothing, and the deletion of what is referred to, are foreign key violations', async () => {
      await db.insertInto('users').values(user('owner')).execute();
      await db.insertInto('classrooms').values(classroom('owned', 'owner')).execute();
      const orphan = db.insertInto('classrooms').values(classroom('orphan', 'nobody'));
      const deletion = db.deleteFrom('users').where('id', '=', 'owner');
      for (const error of [await failureOf(orphan.execute()), await failureOf(deletion.execute())]) {
        assert.deepEqual([isUniqueViolation(error), isForeignKeyViolation(error)], [false, true]);
      }
      assert.equal(await nameOf('owner'), 'Name');
    });

    test('[DB4, DB37] any other error is neither, and the database is not away', async () => {
      const error = await failureOf(sql`select * from nowhere`.execute(db));
      assert.equal(isDatabaseAway(error), false);
      assert.deepEqual([isUniqueViolation(error), isForeignKeyViolation(error)], [false, false]);
      assert.equal(isUniqueViolation(new Error('UNIQUE constraint failed')), false);
    });

    test('[DB5] a session goes with its user, and its refresh tokens with it', async () => {
      await db.insertInto('users').values(user('leaver')).execute();
      await db.insertInto('sessions').values(session('left', 'leaver')).execute();
      await db.insertInto('refresh_tokens').values(refreshToken('left', 'left')).execute();
      await db.deleteFrom('users').where('id', '=', 'leaver').execute();
      assert.deepEqual(await db.selectFrom('refresh_tokens').selectAll().execute(), []);
    });

    test('[DB6] an update is stored whatever has become of its document, classroom and author', async () => {
      await db
        .insertInto('document_updates')
        .values(update('late', 0, { document: 'c:gone:main', user_id: 'gone' }))
        .execute();
      const row = await db
        .selectFrom('document_updates')
        .selectAll()
        .where('id', '=', 'late')
        .executeTakeFirstOrThrow();
      assert.deepEqual([row.document, row.user_id], ['c:gone:main', 'gone']);
    });

    test('[DB7] an error names the statement and never a bound value', async () => {
      const secret = "s3cret' for key 'x";
      await db
        .insertInto('users')
        .values(user('secret', { email: secret, password_hash: secret }))
        .execute();
      const failing = [
        db.insertInto('users').values(user('secret2', { email: secret, password_hash: secret })),
        sql`select * from nowhere where x = ${secret}`,
        sql`insert into users (created_at) values (${secret})`,
        sql`update users set created_at = ${secret} where id = ${'secret'}`,
        sql`update users set locale = ${secret.repeat(10)} where id = ${'secret'}`,
        sql`selec ${secret}`,
      ].map((query) => query.compile(db));
      for (const query of failing) {
        const error = await failureOf(db.executeQuery(query));
        assert.match(error.message, / in: (insert|select|update|selec) /);
        const everything = [error.stack, JSON.stringify(error), ...Object.values(error), error.cause].join('\n');
        assert.ok(!everything.includes('s3cret'), everything);
      }
    });

    test('[DB11] insertMissing adds what is missing and leaves what is there, however often', async () => {
      await insertMissing(db, 'users', [user('m1', { name: 'first' })]);
      const rows = [
        user('m1', { name: 'changed' }),
        user('m2', { name: 'new' }),
        user('m3', { email: 'm1@lectern.local' }),
      ];
      await insertMissing(db, 'users', rows);
      await insertMissing(db, 'users', rows);
      await insertMissing(db, 'users', []);
      const stored = await db
        .selectFrom('users')
        .select(['id', 'name'])
        .where('id', 'like', 'm_')
        .orderBy('id')
        .execute();
      assert.deepEqual(stored, [
        { id: 'm1', name: 'first' },
        { id: 'm2', name: 'new' },
      ]);
    });

    test('[DB11] insertMissing hides no other error', async () => {
      const error = await failureOf(insertMissing(db, 'classrooms', [classroom('m', 'nobody')]));
      assert.ok(isForeignKeyViolation(error));
      await assert.rejects(insertMissing(db, 'users', [user('mlong', { locale: 'x'.repeat(36) })]));
    });

    test('[DB11] insertMissing takes more rows and bytes than one statement can', async () => {
      const small = Array.from({ length: 12_000 }, (_, part) => update('many', part));
      const large = Array.from({ length: 10 }, (_, part) =>
        update('large', part, { data: new Uint8Array(1024 * 1024) }),
      );
      await insertMissing(db, 'document_updates', [...small, ...large]);
      const counts = await db
        .selectFrom('document_updates')
        .select(({ fn }) => ['id', fn.countAll().as('rows')])
        .where('id', 'in', ['many', 'large'])
        .groupBy('id')
        .orderBy('id')
        .execute();
      assert.deepEqual(counts, [
        { id: 'large', rows: 10 },
        { id: 'many', rows: 12_000 },
      ]);
    });

    test('[DB12] a transaction that throws leaves nothing behind', async () => {
      const boom = new Error('boom');
      const work = db.transaction().execute(async (trx) => {
        await trx.insertInto('users').values(user('undone')).execute();
        await trx.insertInto('users').values(user('undone2')).execute();
        throw boom;
      });
      await assert.rejects(work, boom);
      assert.equal(await nameOf('undone'), undefined);
    });

    test('[DB13] an UPDATE tells how many rows its condition met; of two racing ones one wins', async () => {
      await db.insertInto('users').values(user('cas')).execute();
      const claim = async (name: string) =>
        (
          await db
            .updateTable('users')
            .set({ name, email_verified: 1 })
            .where('id', '=', 'cas')
            .where('email_verified', '=', 0)
            .executeTakeFirst()
        ).numUpdatedRows;
      const claims = await Promise.all([claim('a'), claim('b'), claim('c')]);
      assert.deepEqual(claims.toSorted(), [0n, 0n, 1n]);
      const same = await db.updateTable('users').set({ email_verified: 1 }).where('id', '=', 'cas').executeTakeFirst();
      assert.equal(same.numUpdatedRows, 1n);
    });

    test("[DB14] another caller's write does not land in an open transaction", async () => {
      const undo = new Error('undo');
      const inside = Promise.withResolvers<void>();
      const go = Promise.withResolvers<void>();
      const first = db.transaction().execute(async (trx) => {
        await trx.insertInto('users').values(user('mine')).execute();
        inside.resolve();
        await go.promise;
        // Time for the others to land here, if they could.
        for (let statement = 0; statement < 5; statement += 1) await sql`select 1`.execute(trx);
        throw undo;
      });
      await inside.promise;
      const other = db.insertInto('users').values(user('theirs')).execute();
      const seen = db.selectFrom('users').select('id').where('id', '=', 'mine').execute();
      go.resolve();
      await assert.rejects(first, undo);
      await other;
      assert.deepEqual(await seen, []);
      assert.deepEqual([await nameOf('mine'), await nameOf('theirs')], [undefined, 'Name']);
    });

    test('[DB16] ping rejects within two seconds while every connection is held, and resolves afterwards', async () => {
      await opened.database.ping();
      const go = Promise.withResolvers<void>();
      const holders = Array.from({ length: 10 }, () => db.transaction().execute(() => go.promise));
      const startedAt = performance.now();
      await assert.rejects(opened.database.ping(), /within 2000 ms/);
      assert.ok(performance.now() - startedAt < 3_000);
      go.resolve();
      await Promise.all(holders);
      await opened.database.ping();
    });

    test('[DB38] a statement that a failed transaction left behind is never carried out', async () => {
      await db.insertInto('users').values(user('stray')).execute();
      const strays = ['stray', 'stray1', 'stray2', 'stray3'].map((id) => user(id));
      const failed = db
        .transaction()
        .execute((trx) => Promise.all(strays.map((row) => trx.insertInto('users').values(row).execute())));
      const next = db.transaction().execute((trx) => trx.insertInto('users').values(user('next')).execute());
      assert.ok(isUniqueViolation(await failureOf(failed)));
      await next;
      const stored = await db.selectFrom('users').select('id').where('id', 'like', 'stray%').execute();
      assert.deepEqual(stored, [{ id: 'stray' }]);
    });

    test('[DB15] a counter raised in concurrent transactions gives each its own number', async () => {
      await db.insertInto('users').values(user('seq')).execute();
      await db.insertInto('classrooms').values(classroom('seq', 'seq')).execute();
      const take = () =>
        db.transaction().execute(async (trx) => {
          await trx
            .updateTable('classrooms')
            .set(({ eb }) => ({ run_seq: eb('run_seq', '+', 1) }))
            .where('id', '=', 'seq')
            .execute();
          return trx.selectFrom('classrooms').select('run_seq').where('id', '=', 'seq').executeTakeFirstOrThrow();
        });
      const numbers = (await Promise.all(Array.from({ length: 20 }, take))).map(({ run_seq }) => run_seq);
      assert.deepEqual(
        numbers.toSorted((a, b) => a - b),
        Array.from({ length: 20 }, (_, index) => index + 1),
      );
    });
  });
}
