import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { CompiledQuery, sql, type Kysely } from 'kysely';
import type { Schema } from '#platform/db/schema.ts';
import { isUniqueViolation } from '#platform/db/statements.ts';
import type { DatabaseEngine, TestDatabase } from '../support/databases.ts';
import { failureOf } from '../support/failure-of.ts';
import { classroom, run, snapshot, user } from './database.rows.ts';

/** What goes into a column comes out of it, on every engine alike. Each test uses keys of its own, so that all share one database. */
export function valuesContract(engine: DatabaseEngine): void {
  describe(`values on ${engine.name}`, { skip: engine.skip }, () => {
    let opened: TestDatabase;
    let db: Kysely<Schema>;
    before(async () => {
      opened = await engine.open();
      db = opened.database.db;
    });
    after(() => opened.drop());

    const nameOf = async (id: string) =>
      (await db.selectFrom('users').select('name').where('id', '=', id).executeTakeFirst())?.name;

    test('[DB1] text comes back as the same code points', async () => {
      const names = [
        '김하늘 ㄱㅏ',
        '👩🏽‍💻🏴󠁧󠁢󠁳󠁣󠁴󠁿𝒳𠮷',
        'e\u0301 is not é',
        'it\'s \\ "quoted" `so`; -- ? :a $1',
        ' spaces \t\r\n ',
        'nul \0 after',
      ];
      for (const [index, name] of names.entries()) {
        await db
          .insertInto('users')
          .values(user(`text${index}`, { name }))
          .execute();
        assert.equal(await nameOf(`text${index}`), name);
      }
      const long = '가😀\0\n'.repeat(250_000);
      await db.insertInto('users').values(user('textlong')).execute();
      await db.insertInto('classrooms').values(classroom('textlong', 'textlong')).execute();
      await db
        .insertInto('runs')
        .values(run('textlong', 'textlong', 'textlong', { stdout: long }))
        .execute();
      const stored = await db
        .selectFrom('runs')
        .select('stdout')
        .where('id', '=', 'textlong')
        .executeTakeFirstOrThrow();
      assert.ok(stored.stdout === long);
    });

    test('[DB2] integers are numbers and exact up to 2^53', async () => {
      for (const created_at of [0, -1, Date.UTC(2026, 10, 21, 13, 55, 7, 788), Number.MAX_SAFE_INTEGER]) {
        await db
          .insertInto('users')
          .values(user(`int${created_at}`, { created_at }))
          .execute();
        const row = await db
          .selectFrom('users')
          .select('created_at')
          .where('id', '=', `int${created_at}`)
          .where('created_at', '=', created_at)
          .executeTakeFirst();
        assert.deepEqual(row, { created_at });
      }
    });

    test('[DB2] COUNT, SUM and a measured fraction are numbers', async () => {
      await db.insertInto('users').values(user('sum')).execute();
      await db.insertInto('classrooms').values(classroom('sum', 'sum')).execute();
      for (const [index, wall_ms] of [1.5, 2, null].entries()) {
        await db
          .insertInto('runs')
          .values(run(`sum${index}`, 'sum', 'sum', { wall_ms, seq: index }))
          .execute();
      }
      const row = await db
        .selectFrom('runs')
        .select(({ fn }) => [fn.countAll().as('runs'), fn.sum('seq').as('seqs'), fn.sum('wall_ms').as('ms')])
        .where('classroom_id', '=', 'sum')
        .executeTakeFirst();
      assert.deepEqual(row, { runs: 3, seqs: 3, ms: 3.5 });
    });

    for (const bytes of [0, 1, 400_000, 3_000_000]) {
      test(`[DB3] a blob of ${bytes} bytes comes back byte for byte`, async () => {
        const data = new Uint8Array(bytes).map((_, index) => (index * 7) ^ (index >> 8));
        await db
          .insertInto('document_snapshots')
          .values(snapshot('blob', bytes, data))
          .execute();
        const row = await db
          .selectFrom('document_snapshots')
          .select('data')
          .where('document', '=', 'blob')
          .where('part', '=', bytes)
          .executeTakeFirstOrThrow();
        assert.ok(row.data instanceof Uint8Array);
        assert.ok(Buffer.from(data).equals(row.data));
      });
    }

    test('[DB3] a view stores its own bytes, not those of the buffer under it', async () => {
      const whole = new Uint8Array(1_000).fill(9);
      whole.set([1, 2, 3], 500);
      for (const [part, data] of [whole.subarray(500, 503), Buffer.from(whole.buffer, 500, 3)].entries()) {
        await db
          .insertInto('document_snapshots')
          .values(snapshot('view', part, data))
          .execute();
      }
      const rows = await db.selectFrom('document_snapshots').select('data').where('document', '=', 'view').execute();
      assert.deepEqual(
        rows.map((row) => [...row.data]),
        [
          [1, 2, 3],
          [1, 2, 3],
        ],
      );
    });

    test('[DB8] keys that differ only in trailing spaces are one key, in upper and lower case two', async () => {
      await db
        .insertInto('users')
        .values(user('pad', { email: 'pad@lectern.local' }))
        .execute();
      const padded = db
        .insertInto('users')
        .values(user('pad2', { email: 'pad@lectern.local  ' }))
        .execute();
      assert.ok(isUniqueViolation(await failureOf(padded)));
      await db
        .insertInto('users')
        .values(user('pad3', { email: 'PAD@lectern.local' }))
        .execute();
      const found = await db.selectFrom('users').select('id').where('email', '=', 'pad@lectern.local ').execute();
      assert.deepEqual(found, [{ id: 'pad' }]);
    });

    test('[DB9] text that is too long and values of the wrong type are refused, not bent', async () => {
      await db
        .insertInto('users')
        .values(user('fits', { locale: '😀'.repeat(35) }))
        .execute();
      await assert.rejects(
        db
          .insertInto('users')
          .values(user('long', { locale: '😀'.repeat(36) }))
          .execute(),
      );
      await assert.rejects(sql`update users set created_at = ${'soon'} where id = 'fits'`.execute(db));
      await assert.rejects(sql`update users set name = ${null} where id = 'fits'`.execute(db));
      assert.equal(await nameOf('long'), undefined);
    });

    test('[DB10] a value that is not null, text, a safe number or bytes is refused with its position', async () => {
      const id = 'refused';
      await db.insertInto('users').values(user(id)).execute();
      const refused: [unknown, RegExp][] = [
        [new Date(0), /an object \(Date\)/],
        [{ 1: 'x' }, /an object \(Object\)/],
        [Object.create(null), /an object \(no class\)/],
        [['x'], /an object \(Array\)/],
        [true, /a boolean/],
        [undefined, /undefined/],
        [Symbol('x'), /a symbol/],
        [() => 1, /a function/],
        [new ArrayBuffer(1), /an object \(ArrayBuffer\)/],
        [new Uint16Array(1), /an object \(Uint16Array\)/],
        [Number.NaN, /not a finite number/],
        [Infinity, /not a finite number/],
        [2 ** 53, /an integer beyond 2\^53/],
        [2n ** 53n, /an integer beyond 2\^53/],
      ];
      const statement = 'update users set name = ?, locale = ? where id = ?';
      for (const [value, reason] of refused) {
        for (const position of [1, 2, 3]) {
          const values: unknown[] = ['x', 'x', id];
          values[position - 1] = value;
          const error = await failureOf(db.executeQuery(CompiledQuery.raw(statement, values)));
          assert.equal(error.name, 'TypeError');
          assert.match(error.message, new RegExp(`^bound value ${position} of 3 is ${reason.source};`));
        }
      }
      assert.equal(await nameOf(id), 'Name');
    });
  });
}
