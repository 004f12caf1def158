import { MysqlAdapter, sql, type ColumnDataType, type CreateTableBuilder, type Expression, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/**
 * What one table looks like, said once for every engine. Applied migrations rest on this file: what it makes of a
 * description must not change; a new need gets a new word.
 */
export type Column = {
  mysql: ColumnDataType | Expression<unknown>;
  sqlite: 'text' | 'integer' | 'real' | 'blob';
  maxChars?: number;
  nullable?: true;
};

export type TableDescription = {
  columns: Record<string, Column>;
  primaryKey: string[];
  /** By name. */
  unique?: Record<string, string[]>;
  /** By name. */
  indexes?: Record<string, string[]>;
  /** Column to the table whose `id` it holds. Without `cascade` a row that is referred to cannot be deleted. */
  references?: Record<string, { table: string; onDelete?: 'cascade' }>;
};

/** An id made by `platform/ids.ts`. */
export const id: Column = { mysql: sql`char(26)`, sqlite: 'text', maxChars: 26 };
/** Short text; up to 768 characters (InnoDB's limit) it may be a key. Trailing spaces do not count in comparisons. */
export const text = (maxChars: number): Column => ({ mysql: `varchar(${maxChars})`, sqlite: 'text', maxChars });
export const longText: Column = { mysql: sql`longtext`, sqlite: 'text' };
export const integer: Column = { mysql: 'bigint', sqlite: 'integer' };
/** Epoch milliseconds. */
export const time: Column = integer;
/** 0 or 1. */
export const flag: Column = integer;
/** A measured quantity, which may have a fraction. */
export const measure: Column = { mysql: sql`double`, sqlite: 'real' };
export const bytes: Column = { mysql: sql`longblob`, sqlite: 'blob' };
export const nullable = (column: Column): Column & { nullable: true } => ({ ...column, nullable: true });

/**
 * The migration that makes a table and takes it away. It may be run again after it was interrupted: MySQL makes table
 * and indexes in one statement, SQLite runs the migration in a transaction.
 */
export function tableMigration(name: string, description: TableDescription): Migration {
  return {
    async up(db: Kysely<unknown>) {
      const mysql = db.getExecutor().adapter instanceof MysqlAdapter;
      await createTable(db, name, description, mysql).execute();
      if (mysql) return;
      for (const [index, columns] of Object.entries(description.indexes ?? {})) {
        await db.schema.createIndex(index).ifNotExists().on(name).columns(columns).execute();
      }
    },
    async down(db: Kysely<unknown>) {
      await db.schema.dropTable(name).ifExists().execute();
    },
  };
}

function createTable(
  db: Kysely<unknown>,
  name: string,
  { columns, primaryKey, unique = {}, indexes = {}, references = {} }: TableDescription,
  mysql: boolean,
): CreateTableBuilder<string, string> {
  let table: CreateTableBuilder<string, string> = db.schema.createTable(name).ifNotExists();
  for (const [column, { mysql: type, sqlite, maxChars, nullable: mayBeNull }] of Object.entries(columns)) {
    table = table.addColumn(column, mysql ? type : sql.raw(sqlite), (definition) => {
      let built = mayBeNull ? definition : definition.notNull();
      if (mysql) return built;
      // What MySQL does by itself: keep the length, and ignore trailing spaces when comparing (PAD SPACE).
      if (maxChars !== undefined) built = built.check(sql`length(${sql.ref(column)}) <= ${sql.lit(maxChars)}`);
      return sqlite === 'text' ? built.modifyEnd(sql`collate rtrim`) : built;
    });
  }
  table = table.addPrimaryKeyConstraint(`${name}_pk`, primaryKey);
  for (const [key, keyColumns] of Object.entries(unique)) table = table.addUniqueConstraint(key, keyColumns);
  for (const [column, target] of Object.entries(references)) {
    table = table.addForeignKeyConstraint(`${name}_${column}_fk`, [column], target.table, ['id'], (constraint) =>
      target.onDelete === undefined ? constraint : constraint.onDelete(target.onDelete),
    );
  }
  if (!mysql) return table.modifyEnd(sql`strict`);
  for (const [index, indexColumns] of Object.entries(indexes)) table = table.addIndex(index, indexColumns);
  return table.modifyEnd(sql`engine = InnoDB default character set utf8mb4 collate utf8mb4_bin`);
}
