import { CompiledQuery, MysqlDialect, type Dialect, type MysqlPool, type MysqlPoolConnection } from 'kysely';
import { createPool, type PoolConnection, type QueryError } from 'mysql2';
import { withDeadline } from '../lifecycle.ts';
import { refuseUnstorable } from './bound-values.ts';
import { DatabaseError } from './database-error.ts';
import { turnWithinMs } from './sqlite-dialect.ts';

/** Whatever the server's own mode is: errors instead of truncation, and backslash escapes as mysql2 writes them. */
const sqlMode = 'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION';

/** MySQL 8 or MariaDB through a pool of mysql2. `url` is mysql://user:password@host:port/database. */
export function mysqlDialect(url: string): Dialect {
  const pool = createPool({
    uri: url,
    charset: 'utf8mb4_bin',
    connectionLimit: 10,
    connectTimeout: 5_000,
    // Integers as numbers; SUM is a decimal here and an integer on SQLite.
    supportBigNumbers: true,
    decimalNumbers: true,
    stringifyObjects: true,
    multipleStatements: false,
  });
  const connections = new WeakMap<PoolConnection, MysqlPoolConnection>();

  const guardedPool: MysqlPool = {
    getConnection(callback) {
      const raw = new Promise<PoolConnection>((resolve, reject) => {
        pool.getConnection((error, connection) => (error ? reject(error) : resolve(connection)));
      });
      withDeadline(raw, turnWithinMs, 'waiting for a database connection').then(
        (connection) => {
          const guarded = connections.get(connection) ?? guard(connection);
          connections.set(connection, guarded);
          callback(undefined, guarded);
        },
        (error: unknown) => {
          raw.then(
            (connection) => connection.release(),
            () => {},
          );
          callback(error, undefined as never);
        },
      );
    },
    end: (callback) => pool.end((error) => callback(error ?? undefined)),
  };

  return new MysqlDialect({
    pool: guardedPool,
    onCreateConnection: async (connection) => {
      await connection.executeQuery(CompiledQuery.raw(`set session sql_mode = '${sqlMode}'`));
    },
  });
}

/** The connection as Kysely needs it, with values refused as on SQLite and errors freed of values. */
function guard(raw: PoolConnection): MysqlPoolConnection {
  return {
    config: raw.config,
    threadId: raw.threadId ?? 0,
    connect: (callback) => raw.connect((error) => callback?.(error)),
    destroy: () => raw.destroy(),
    release: () => raw.release(),
    query(sql, parameters: readonly unknown[], callback) {
      refuseUnstorable(parameters);
      const query = raw.query(sql, [...parameters], (error, result) =>
        callback?.(error ? withoutValues(error, sql) : undefined, result as never),
      );
      return query as never;
    },
  };
}

/** MySQL quotes the offending value in many of its messages: only the name of the error and of the key are kept. */
function withoutValues(error: QueryError, sql: string): DatabaseError {
  if (error.errno === undefined || error.sqlState === undefined)
    return new DatabaseError('mysql', 0, error.message, sql);
  const key = error.errno === 1062 ? / for key '([\w.]+)'$/.exec(error.message)?.[1] : undefined;
  return new DatabaseError('mysql', error.errno, key === undefined ? error.code : `${error.code}, key ${key}`, sql);
}
