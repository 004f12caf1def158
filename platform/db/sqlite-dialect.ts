import {
  CompiledQuery,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
} from 'kysely';
import { withDeadline } from '../lifecycle.ts';
import { DatabaseError } from './database-error.ts';
import type { SqliteClient } from './sqlite-client.ts';
import { turnWithinMs } from './turns.ts';

const waiting = 'waiting for the database (does a transaction use `db` inside itself?)';

/** SQLite in its own thread, as Kysely sees it. */
export function sqliteDialect(client: SqliteClient, options = { turnWithinMs }): Dialect {
  return {
    createDriver: () => new SqliteThreadDriver(client, options),
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createAdapter: () => new OneFileAdapter(),
    createIntrospector: (db) => new SqliteIntrospector(db),
  };
}

/** Migrations run in one immediate transaction, which is their lock: a second process waits for it by busy timeout. */
class OneFileAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl() {
    return true;
  }

  /** The driver hands out its one connection in turn, and unlike Kysely's mutex with a deadline. */
  override get supportsMultipleConnections() {
    return true;
  }
}

class SqliteThreadDriver implements Driver {
  readonly #client: SqliteClient;
  readonly #turnWithinMs: number;
  readonly #connection: DatabaseConnection;
  #lastTurn: Promise<void> = Promise.resolve();
  #endTurn: () => void = () => {};

  constructor(client: SqliteClient, options: { turnWithinMs: number }) {
    this.#client = client;
    this.#turnWithinMs = options.turnWithinMs;
    this.#connection = {
      executeQuery: (query) => execute(client, query),
      // oxlint-disable-next-line require-yield
      async *streamQuery() {
        throw new Error('streaming is not offered; page by id instead');
      },
    };
  }

  async init(): Promise<void> {}

  /** Turns come in the order of asking, so no statement lands inside somebody else's transaction. */
  async acquireConnection(): Promise<DatabaseConnection> {
    const before = this.#lastTurn;
    const turn = Promise.withResolvers<void>();
    this.#lastTurn = turn.promise;
    try {
      await withDeadline(before, this.#turnWithinMs, waiting);
    } catch (error) {
      void before.then(turn.resolve);
      throw new DatabaseError('sqlite', 0, (error as Error).message);
    }
    this.#endTurn = turn.resolve;
    return this.#connection;
  }

  async releaseConnection(): Promise<void> {
    this.#endTurn();
  }

  /** Immediate: the write lock is taken at the start, where waiting for another process is possible. */
  async beginTransaction(): Promise<void> {
    await this.#command('begin immediate');
  }

  async commitTransaction(): Promise<void> {
    await this.#command('commit');
  }

  async rollbackTransaction(): Promise<void> {
    try {
      await this.#command('rollback');
    } catch (error) {
      // A full disk makes SQLite roll back by itself; complaining about that would hide the reason from the caller.
      if (!(error as Error).message.startsWith('cannot rollback - no transaction is active')) throw error;
    }
  }

  async destroy(): Promise<void> {
    await this.#client.close();
  }

  async #command(sql: string): Promise<void> {
    await this.#connection.executeQuery(CompiledQuery.raw(sql));
  }
}

async function execute<R>(client: SqliteClient, { sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
  const { rows, changes } = await client.run(sql, parameters);
  return { rows: rows as R[], numAffectedRows: changes === undefined ? undefined : BigInt(changes) };
}
