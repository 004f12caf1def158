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
import { TransactionOverError, turnWithinMs } from './turns.ts';

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
  #lastTurn: Promise<void> = Promise.resolve();

  constructor(client: SqliteClient, options: { turnWithinMs: number }) {
    this.#client = client;
    this.#turnWithinMs = options.turnWithinMs;
  }

  async init(): Promise<void> {}

  /** Turns come in the order of asking, so no statement lands inside somebody else's transaction. */
  async acquireConnection(): Promise<Turn> {
    const before = this.#lastTurn;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#lastTurn = promise;
    try {
      await withDeadline(before, this.#turnWithinMs, waiting);
    } catch (error) {
      void before.then(resolve);
      throw new DatabaseError('sqlite', 0, (error as Error).message);
    }
    return new Turn(this.#client, resolve);
  }

  async releaseConnection(turn: Turn): Promise<void> {
    turn.end();
  }

  /** Immediate: the write lock is taken at the start, where waiting for another process is possible. */
  async beginTransaction(turn: Turn): Promise<void> {
    await turn.executeQuery(CompiledQuery.raw('begin immediate'));
  }

  async commitTransaction(turn: Turn): Promise<void> {
    await turn.executeQuery(CompiledQuery.raw('commit'));
  }

  async rollbackTransaction(turn: Turn): Promise<void> {
    await turn.rollback();
  }

  async destroy(): Promise<void> {
    await this.#client.close();
  }
}

/** The one connection, while it is somebody's turn. */
class Turn implements DatabaseConnection {
  readonly #client: SqliteClient;
  readonly #next: () => void;
  #over = false;

  constructor(client: SqliteClient, next: () => void) {
    this.#client = client;
    this.#next = next;
  }

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    // Left behind by a transaction that failed meanwhile: it would take effect on its own, or in another's.
    if (this.#over) throw new TransactionOverError();
    const { rows, changes } = await this.#client.run(sql, parameters);
    return { rows: rows as R[], numAffectedRows: changes === undefined ? undefined : BigInt(changes) };
  }

  // oxlint-disable-next-line require-yield
  async *streamQuery(): AsyncIterableIterator<never> {
    throw new Error('streaming is not offered; page by id instead');
  }

  async rollback(): Promise<void> {
    this.#over = true;
    try {
      await this.#client.run('rollback', []);
    } catch (error) {
      // A full disk makes SQLite roll back by itself; complaining about that would hide the reason from the caller.
      if (!(error as Error).message.startsWith('cannot rollback - no transaction is active')) throw error;
    }
  }

  end(): void {
    this.#over = true;
    this.#next();
  }
}
