import { MysqlDialect, type Dialect, type MysqlPool, type MysqlPoolConnection } from 'kysely';
import { createPool, type PoolConnection, type QueryError } from 'mysql2';
import { withDeadline } from '../lifecycle.ts';
import { refuseUnstorable } from './bound-values.ts';
import { DatabaseError } from './database-error.ts';
import { TransactionOverError, turnWithinMs } from './turns.ts';

/** Whatever the server's own mode is: errors instead of truncation, and backslash escapes, which mysql2 writes. */
const sqlMode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION';

/** A server that has gone silent is given up after this, with the connection. Lock waits end at 50 s by themselves. */
const answerWithinMs = 60_000;

const waiting = 'waiting for a database connection (do transactions use `db` inside themselves?)';

/**
 * MySQL 8 or MariaDB through a pool of mysql2, in the way Kysely asks for a pool: values are refused as on SQLite, errors
 * are freed of values, and waiting has an end. `url` is mysql://user:password@host:port/database.
 */
export function mysqlDialect(url: string, options = { answerWithinMs, turnWithinMs }): Dialect {
  const pool = createPool({
    uri: url,
    charset: 'utf8mb4_bin',
    connectionLimit: 10,
    connectTimeout: 5_000,
    keepAliveInitialDelay: 10_000,
    // Integers as numbers; and SUM, a decimal here, as the number it is on SQLite.
    supportBigNumbers: true,
    decimalNumbers: true,
    multipleStatements: false,
  });
  pool.on('connection', (connection) => {
    // Goes out before the statement the connection was made for.
    connection.query(`set session sql_mode = '${sqlMode}'`, (error) => {
      if (error) connection.destroy();
    });
  });

  const take = async (): Promise<PoolConnection> => {
    const turn = Promise.withResolvers<PoolConnection>();
    pool.getConnection((error, connection) => (error ? turn.reject(error) : turn.resolve(connection)));
    try {
      return await withDeadline(turn.promise, options.turnWithinMs, waiting);
    } catch (error) {
      turn.promise.then(
        (late) => late.release(),
        () => {},
      );
      throw new DatabaseError('mysql', 0, (error as Error).message);
    }
  };
  const kyselyPool: MysqlPool = {
    getConnection(callback) {
      take().then(
        (raw) => callback(undefined, guard(raw, options.answerWithinMs)),
        (error: unknown) => callback(error, undefined as never),
      );
    },
    end: (callback) => pool.end((error) => callback(error)),
  };
  return new MysqlDialect({ pool: kyselyPool });
}

/** A connection of the pool for one turn. */
function guard(raw: PoolConnection, withinMs: number): MysqlPoolConnection {
  let over = false;
  return {
    config: raw.config,
    threadId: raw.threadId ?? 0,
    connect: (callback) => raw.connect((error) => callback?.(error)),
    destroy: () => raw.destroy(),
    release() {
      over = true;
      raw.release();
    },
    query(sql, values: readonly unknown[], callback) {
      // Left behind by a transaction that failed meanwhile: it would take effect on its own, or in another's.
      if (over) throw new TransactionOverError();
      over = sql === 'rollback';
      refuseUnstorable(values);
      const late = setTimeout(() => {
        // The answer may still come, and would be taken for that of the next statement.
        raw.destroy();
        callback?.(new DatabaseError('mysql', 0, `no answer within ${withinMs} ms`, sql), undefined as never);
      }, withinMs);
      const query = raw.query(sql, [...values], (error, result) => {
        clearTimeout(late);
        callback?.(error === null ? undefined : withoutValues(error, sql), result as never);
      });
      return query;
    },
  };
}

/** MySQL quotes the offending value in many of its messages: only the name of the error and of the key are kept. */
function withoutValues(error: QueryError, sql: string): DatabaseError {
  if (error.sqlState === undefined) return new DatabaseError('mysql', 0, error.message, sql);
  // SQLSTATE class 08, and MariaDB's ER_CONNECTION_KILLED: the last word of a server that goes.
  if (error.sqlState.startsWith('08') || error.errno === 1927) return new DatabaseError('mysql', 0, error.code, sql);
  const key = error.errno === 1062 ? / for key '([\w.]+)'$/.exec(error.message)?.[1] : undefined;
  const reason = key === undefined ? error.code : `${error.code}, key ${key}`;
  return new DatabaseError('mysql', error.errno ?? 0, reason, sql);
}
