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

  constructor(log: Log) {
    this.#log = log;
  }

  /** Adds a step that runs before all steps added earlier. `withinMs` bounds this step alone. */
  add(name: string, close: Step['close'], withinMs = 5_000): void {
    this.#steps.push({ name, close, withinMs });
  }

  /** Runs every step, newest first. Resolves to true when all ended well and in time; never rejects. */
  close(): Promise<boolean> {
    this.#closing ??= this.#run();
    return this.#closing;
  }

  async #run(): Promise<boolean> {
    let clean = true;
    for (const step of this.#steps.toReversed()) {
      const startedAt = performance.now();
      try {
        await withDeadline(step.close(), step.withinMs, step.name);
        this.#log.debug({ step: step.name, ms: Math.round(performance.now() - startedAt) }, 'closed');
      } catch (error) {
        clean = false;
        this.#log.error({ step: step.name, error }, 'closing a part failed');
      }
    }
    return clean;
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
