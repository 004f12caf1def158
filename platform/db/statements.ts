import { MysqlAdapter, sql, type Insertable } from 'kysely';
import { DatabaseError } from './database-error.ts';
import type { Db, Schema } from './schema.ts';

/** True when a statement failed because a row with this primary or unique key exists. */
export function isUniqueViolation(error: unknown): boolean {
  return error instanceof DatabaseError && error.is('unique');
}

/** True when a statement failed because it would leave a reference to a row that is not there. */
export function isForeignKeyViolation(error: unknown): boolean {
  return error instanceof DatabaseError && error.is('foreignKey');
}

/** True when there was no connection to be had, or it was lost; false when the database refused a statement. */
export function isDatabaseAway(error: unknown): boolean {
  return error instanceof DatabaseError && error.errcode === 0;
}

/** SQLite takes 32,766 bound values a statement, MySQL 65,535; fewer also keep statements below its packet limit. */
const valuesPerStatement = 5_000;
const bytesPerStatement = 2 * 1024 * 1024;

/**
 * Inserts the rows whose primary and unique keys are all free and leaves existing rows as they are. In as many statements
 * as needed: give it a transaction when all or none must go in.
 */
export async function insertMissing<T extends keyof Schema & string>(
  db: Db,
  table: T,
  rows: readonly Insertable<Schema[T]>[],
): Promise<void> {
  const mysql = db.getExecutor().adapter instanceof MysqlAdapter;
  for (const chunk of chunks(rows)) {
    const insert = db.insertInto(table).values(chunk);
    if (mysql) {
      // Sets a column to itself. Not `insert ignore`, which would also swallow every other error.
      const column = sql.ref(Object.keys(chunk[0]!)[0]!);
      await insert.modifyEnd(sql`on duplicate key update ${column} = ${column}`).execute();
    } else await insert.onConflict((conflict) => conflict.doNothing()).execute();
  }
}

function* chunks<R extends object>(rows: readonly R[]): Generator<R[]> {
  let chunk: R[] = [];
  let values = 0;
  let size = 0;
  for (const row of rows) {
    const columns = Object.values(row);
    const rowSize = columns.reduce(
      (sum, value) => sum + (value instanceof Uint8Array || typeof value === 'string' ? value.length : 8),
      0,
    );
    if (chunk.length > 0 && (values + columns.length > valuesPerStatement || size + rowSize > bytesPerStatement)) {
      yield chunk;
      chunk = [];
      values = size = 0;
    }
    chunk.push(row);
    values += columns.length;
    size += rowSize;
  }
  if (chunk.length > 0) yield chunk;
}
