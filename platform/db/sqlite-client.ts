import { Worker } from 'node:worker_threads';
import type { Log } from '../log.ts';
import { refuseUnstorable } from './bound-values.ts';
import { DatabaseError } from './database-error.ts';
import type { Failure, Reply, Request, Result } from './sqlite-thread.ts';

type Answer = { result: Result } | { failure: Failure };

/** The near side of the SQLite thread: sends statements, gives each its answer, and says no to all once it is gone. */
export class SqliteClient {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  readonly #exited = Promise.withResolvers<void>();
  #lastId = 0;
  #gone: Failure | undefined;

  private constructor(worker: Worker, log: Log) {
    this.#worker = worker;
    worker.on('message', (reply: Reply) => {
      const settle = this.#waiting.get(reply.id);
      this.#waiting.delete(reply.id);
      settle?.(reply);
    });
    worker.on('error', (error) => {
      log.fatal({ error }, 'the database thread failed; restart the process');
      this.#stop(`the database thread failed: ${error.message}`);
    });
    worker.on('exit', () => {
      this.#stop('the database is closed');
      this.#exited.resolve();
    });
  }

  /** Starts the thread and waits until it has opened the file. Throws an Error that names the file when it cannot. */
  static async open(file: string, log: Log): Promise<SqliteClient> {
    const worker = new Worker(new URL('./sqlite-thread.ts', import.meta.url), { name: 'sqlite', workerData: { file } });
    const client = new SqliteClient(worker, log);
    const answer = await new Promise<Answer>((resolve) => client.#waiting.set(0, resolve));
    if ('result' in answer) return client;
    await worker.terminate();
    throw new Error(`cannot open the database file ${file}: ${answer.failure.message}`);
  }

  /** Runs one statement. Throws a TypeError for values that cannot be stored and a DatabaseError when SQLite refuses. */
  async run(sql: string, parameters: readonly unknown[]): Promise<Result> {
    refuseUnstorable(parameters);
    const answer = await this.#send({ id: (this.#lastId += 1), sql, parameters: parameters.map(compact) });
    if ('result' in answer) return answer.result;
    throw new DatabaseError('sqlite', answer.failure.errcode, answer.failure.message, sql);
  }

  /** Lets statements already sent finish, then closes the file and the thread. */
  async close(): Promise<void> {
    await this.#send({ id: (this.#lastId += 1), close: true });
    await this.#exited.promise;
  }

  #send(request: Request): Promise<Answer> {
    if (this.#gone !== undefined) return Promise.resolve({ failure: this.#gone });
    return new Promise((resolve) => {
      this.#waiting.set(request.id, resolve);
      this.#worker.postMessage(request);
    });
  }

  #stop(message: string): void {
    this.#gone ??= { message, errcode: 0 };
    for (const settle of this.#waiting.values()) settle({ failure: this.#gone });
    this.#waiting.clear();
  }
}

/** A small view of a large buffer would take the whole buffer to the other thread with it. */
function compact(value: unknown): unknown {
  return value instanceof Uint8Array && value.byteLength < value.buffer.byteLength ? new Uint8Array(value) : value;
}
