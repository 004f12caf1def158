import { sql, type Kysely } from 'kysely';
import { MysqlAdapter } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { Column } from './table.ts';

/**
 * The migration that adds nullable columns to a table and takes them away. The program before it goes on working beside
 * it: it names the columns it writes and reads. It may be run again after it was interrupted, on MySQL also between two
 * columns.
 */
export function addColumnsMigration(table: string, columns: Record<string, Column & { nullable: true }>): Migration {
  return {
    async up(db: Kysely<unknown>) {
      const mysql = db.getExecutor().adapter instanceof MysqlAdapter;
      const present = await columnsOf(db, table);
      for (const [name, { mysql: type, sqlite }] of Object.entries(columns)) {
        if (present.has(name)) continue;
        await db.schema
          .alterTable(table)
          .addColumn(name, mysql ? type : sql.raw(sqlite))
          .execute();
      }
    },
    async down(db: Kysely<unknown>) {
      const present = await columnsOf(db, table);
      for (const name of Object.keys(columns).filter((column) => present.has(column))) {
        await db.schema.alterTable(table).dropColumn(name).execute();
      }
    },
  };
}

async function columnsOf(db: Kysely<unknown>, table: string): Promise<Set<string>> {
  const tables = await db.introspection.getTables();
  return new Set(tables.find(({ name }) => name === table)?.columns.map(({ name }) => name));
}
