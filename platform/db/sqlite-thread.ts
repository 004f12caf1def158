import { closeSync, mkdirSync, openSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';

/**
 * The thread that owns the SQLite file. node:sqlite is synchronous, fsync included: here it blocks nobody. Requests are
 * answered one by one, in the order they came.
 */
export type Request = { id: number; sql: string; parameters: readonly unknown[] } | { id: number; close: true };
export type Result = { rows: Record<string, unknown>[]; changes: number | undefined };
export type Failure = { message: string; errcode: number };
/** The reply with id 0 says that the file is open. */
export type Reply = { id: number; result: Result } | { id: number; failure: Failure };

/** Preparing costs more than running: what was used lately is kept. SQLite prepares again by itself when tables change. */
type Prepared = { statement: StatementSync; returnsRows: boolean };
const preparedLimit = 200;
const prepared = new Map<string, Prepared>();

/** SQLITE_MISUSE */
const misuse = 21;

const port = parentPort!;
const { file } = workerData as { file: string };

function open(): DatabaseSync {
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  // Made by us for its mode: it holds password hashes, and SQLite gives -wal and -shm the mode of the file.
  closeSync(openSync(file, 'a', 0o600));
  const database = new DatabaseSync(file, { timeout: 10_000 });
  database.exec('pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on');
  return database;
}

function prepare(database: DatabaseSync, sql: string): Prepared {
  let found = prepared.get(sql);
  if (found === undefined) {
    const statement = database.prepare(sql);
    found = { statement, returnsRows: statement.columns().length > 0 };
  }
  // Taken out and put at the end, so that the first one is the one unused for longest.
  prepared.delete(sql);
  prepared.set(sql, found);
  if (prepared.size > preparedLimit) prepared.delete(prepared.keys().next().value!);
  return found;
}

function run(database: DatabaseSync, sql: string, parameters: readonly SQLInputValue[]): Result {
  const { statement, returnsRows } = prepare(database, sql);
  if (returnsRows) return { rows: statement.all(...parameters), changes: undefined };
  return { rows: [], changes: Number(statement.run(...parameters).changes) };
}

function failureOf(error: unknown): Failure {
  const { message, code, errcode } = error as Error & { code?: string; errcode?: number };
  if (errcode !== undefined) return { message, errcode };
  // What node:sqlite refuses by itself. This message of it is the only one that quotes a value.
  if (code === 'ERR_OUT_OF_RANGE') return { message: 'an integer of the answer is beyond 2^53', errcode: misuse };
  return { message, errcode: code === 'ERR_INVALID_STATE' ? 0 : misuse };
}

function answer(id: number, work: () => Result): void {
  let reply: Reply;
  try {
    reply = { id, result: work() };
  } catch (error) {
    reply = { id, failure: failureOf(error) };
  }
  port.postMessage(reply);
}

answer(0, () => {
  const database = open();
  port.on('message', (request: Request) => {
    answer(request.id, () => {
      if ('sql' in request) return run(database, request.sql, request.parameters as SQLInputValue[]);
      port.unref();
      database.close();
      return { rows: [], changes: undefined };
    });
  });
  return { rows: [], changes: undefined };
});
