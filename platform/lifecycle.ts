import type { Log } from './log.ts';

type Step = { name: string; close: () => Promise<void> | void; withinMs: number };

/**
 * The closing list of a process: what was opened last is closed first, each step named, timed and given its own
 * deadline, so that one that hangs cannot hold up the others. Closing twice is closing once.
 */
export class Closers {
  readonly #steps: Step[] = [];
  readonly #log: Log;
  #closing: Promise<boolean> | undefined;
  #closed = false;

  constructor(log: Log) {
    this.#log = log;
  }

  /**
   * Adds a step that runs before all steps added earlier. `withinMs` bounds this step alone. What is added while the
   * others are being closed, or afterwards, is closed next.
   */
  add(name: string, close: Step['close'], withinMs = 5_000): void {
    this.#steps.push({ name, close, withinMs });
    if (this.#closed) this.#closing = this.#run();
  }

  /** Runs every step, newest first. Resolves to true when all ended well and in time; never rejects. */
  close(): Promise<boolean> {
    this.#closing ??= this.#run();
    return this.#closing;
  }

  async #run(): Promise<boolean> {
    let clean = true;
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      clean = (await this.#end(step)) && clean;
    }
    this.#closed = true;
    return clean;
  }

  async #end({ name, close, withinMs }: Step): Promise<boolean> {
    const startedAt = performance.now();
    try {
      await withDeadline(close(), withinMs, name);
      this.#log.debug({ step: name, ms: Math.round(performance.now() - startedAt) }, 'closed');
      return true;
    } catch (error) {
      this.#log.error({ step: name, error }, 'closing a part failed');
      return false;
    }
  }
}

/** Rejects with a named error when `work` takes longer than `ms`; the work itself is not stopped. */
export async function withDeadline<T>(work: Promise<T> | T, ms: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} did not finish within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Ends the process on SIGTERM and SIGINT: `close` once, exit 0 when it went well, 1 when it did not or took longer than
 * `withinMs`. A second signal ends it at once, by SIGKILL: an exit would wait for its threads, one of which may be waiting
 * for a lock. What a process leaves behind that was killed, the next start takes up. What nobody caught ends the process the same way, with 1.
 */
export function stopOnSignals(options: { log: Log; withinMs: number; close: () => Promise<boolean> }): void {
  const { log, withinMs, close } = options;
  let stopping = false;

  async function stop(reason: string, code: number): Promise<void> {
    if (stopping) return void process.kill(process.pid, 'SIGKILL');
    stopping = true;
    log.info({ reason }, 'stopping');
    try {
      const clean = await withDeadline(close(), withinMs, 'stopping');
      process.exit(clean ? code : 1);
    } catch (error) {
      log.error({ error }, 'stopping took too long');
      process.exit(1);
    }
  }

  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop(signal, 0));
  process.on('uncaughtException', (error) => {
    log.fatal({ error }, 'an error that nobody caught');
    void stop('uncaughtException', 1);
  });
  process.on('unhandledRejection', (error) => {
    log.fatal({ error }, 'a rejection that nobody caught');
    void stop('unhandledRejection', 1);
  });
}
