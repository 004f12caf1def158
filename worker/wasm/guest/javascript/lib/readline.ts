import { EventEmitter } from './events.ts';
import { host } from './host.ts';
import { write } from './output.ts';
import { setImmediate } from './timers.ts';

/** Lines of standard input, one event or one answer at a time. Input that ends closes the interface. */
export class Interface extends EventEmitter {
  readonly #lines: string[];
  #closed = false;
  #paused = false;
  #scheduled = false;
  #prompt = '> ';
  #waiting: ((line: string) => void) | null = null;

  constructor() {
    super();
    const text = host.stdin();
    this.#lines = text === '' ? [] : text.replace(/\r?\n$/, '').split(/\r?\n/);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled || this.#closed) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#next();
    });
  }

  #next(): void {
    if (this.#closed || this.#paused) return;
    if (this.#waiting === null && this.listenerCount('line') === 0 && this.#lines.length > 0) return;
    const line = this.#lines.shift();
    if (line === undefined) return this.close();
    const answer = this.#waiting;
    this.#waiting = null;
    if (answer === null) this.emit('line', line);
    else answer(line);
    this.#schedule();
  }

  override on(event: string | symbol, listener: (...args: unknown[]) => void): this {
    if (event === 'line') this.#schedule();
    return super.on(event, listener);
  }

  override once(event: string | symbol, listener: (...args: unknown[]) => void): this {
    if (event === 'line') this.#schedule();
    return super.once(event, listener);
  }

  question(query: string, ...rest: unknown[]): void {
    if (this.#closed) throw Object.assign(new Error('readline was closed'), { code: 'ERR_USE_AFTER_CLOSE' });
    write('stdout', query);
    this.#waiting = rest.at(-1) as (line: string) => void;
    this.#schedule();
  }

  setPrompt(prompt: string): void {
    this.#prompt = prompt;
  }

  prompt(): void {
    write('stdout', this.#prompt);
    this.#schedule();
  }

  pause(): this {
    this.#paused = true;
    return this;
  }

  resume(): this {
    this.#paused = false;
    this.#schedule();
    return this;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.emit('close');
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<string> {
    while (!this.#closed && this.#lines.length > 0) yield this.#lines.shift()!;
    this.close();
  }
}

export const createInterface = (..._options: unknown[]) => new Interface();

export const promises = {
  Interface,
  createInterface: () => {
    const lines = new Interface();
    const ask = lines.question.bind(lines);
    return Object.assign(lines, {
      question: (query: string) => new Promise<string>((resolve) => ask(query, resolve)),
    });
  },
};

export default { Interface, createInterface, promises };
