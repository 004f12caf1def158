export type Engine = 'sqlite' | 'mysql';

/** Extended result codes of SQLite and error numbers of MySQL and MariaDB. */
const violations = {
  sqlite: { unique: [1555, 2067, 2579], foreignKey: [787] },
  mysql: { unique: [1062, 1586], foreignKey: [1216, 1217, 1451, 1452] },
} as const satisfies Record<Engine, Record<'unique' | 'foreignKey', readonly number[]>>;

/**
 * What an engine answered to a statement it did not carry out. The message holds the engine's reason and the statement
 * with its placeholders, never a bound value: those are people's texts and secrets.
 */
export class DatabaseError extends Error {
  readonly engine: Engine;
  /** SQLite: extended result code. MySQL: error number. 0: there was no connection, or it was lost. */
  readonly errcode: number;

  constructor(engine: Engine, errcode: number, reason: string, sql?: string) {
    const number = errcode === 0 ? '' : ` (${engine} ${errcode})`;
    const place = sql === undefined ? '' : ` in: ${sql.length > 200 ? `${sql.slice(0, 200)}…` : sql}`;
    super(`${reason}${number}${place}`);
    this.name = 'DatabaseError';
    this.engine = engine;
    this.errcode = errcode;
  }

  is(kind: 'unique' | 'foreignKey'): boolean {
    return (violations[this.engine][kind] as readonly number[]).includes(this.errcode);
  }
}
