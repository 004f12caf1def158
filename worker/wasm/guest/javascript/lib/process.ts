import { EventEmitter } from './events.ts';
import { host } from './host.ts';
import { write } from './output.ts';
import { setImmediate } from './timers.ts';

class Output extends EventEmitter {
  readonly isTTY = false;
  readonly #name: 'stdout' | 'stderr';
  constructor(name: 'stdout' | 'stderr') {
    super();
    this.#name = name;
  }
  write(text: unknown, encoding?: unknown, done?: unknown): boolean {
    if (typeof text !== 'string') {
      throw new TypeError(`The "chunk" argument must be of type string. Received ${typeof text}`);
    }
    write(this.#name, text);
    const callback = typeof encoding === 'function' ? encoding : done;
    if (typeof callback === 'function') setImmediate(callback);
    return true;
  }
  end(text?: unknown): void {
    if (text !== undefined) this.write(text);
  }
}

/** Standard input as a stream of one chunk: everything is there from the start. Text, never bytes. */
class Input extends EventEmitter {
  readonly fd = 0;
  readonly isTTY = false;
  #rest: string | null = null;
  #flowing = false;
  #ended = false;

  #take(): string | null {
    this.#rest ??= host.stdin();
    const text = this.#rest;
    this.#rest = '';
    return text === '' ? null : text;
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.emit('end');
    this.emit('close');
  }

  override on(event: string | symbol, listener: (...args: unknown[]) => void): this {
    super.on(event, listener);
    if (event === 'data') this.resume();
    if (event === 'readable') setImmediate(() => this.emit('readable'));
    return this;
  }

  read(): string | null {
    const text = this.#take();
    if (text === null) setImmediate(() => this.#end());
    else setImmediate(() => this.emit('readable'));
    return text;
  }

  resume(): this {
    if (this.#flowing) return this;
    this.#flowing = true;
    setImmediate(() => {
      const text = this.#take();
      if (text !== null) this.emit('data', text);
      this.#end();
    });
    return this;
  }

  setEncoding(): this {
    return this;
  }
  pause(): this {
    return this;
  }
  unref(): this {
    return this;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<string> {
    const text = this.#take();
    if (text !== null) yield text;
  }
}

class Process extends EventEmitter {
  /** Set when the program is known: the interpreter is started ahead of it. */
  argv = ['node'];
  readonly argv0 = 'node';
  readonly execArgv: string[] = [];
  readonly env: Record<string, string> = {};
  readonly pid = 1;
  readonly platform = 'wasm';
  readonly versions = { quickjs: '2025-09-13' };
  readonly stdout = new Output('stdout');
  readonly stderr = new Output('stderr');
  readonly stdin = new Input();
  exitCode: number | string | undefined = undefined;
  #exiting = false;

  cwd(): string {
    return '/program';
  }

  uptime(): number {
    return host.now() / 1000;
  }

  readonly hrtime = Object.assign(
    (since?: [number, number]): [number, number] => {
      const now = host.now() * 1e6 - (since === undefined ? 0 : since[0] * 1e9 + since[1]);
      return [Math.floor(now / 1e9), Math.round(now % 1e9)];
    },
    { bigint: () => BigInt(Math.round(host.now() * 1e6)) },
  );

  memoryUsage(): Record<string, number> {
    return { rss: 0, heapTotal: 0, heapUsed: 0, external: 0, arrayBuffers: 0 };
  }

  nextTick(callback: (...args: unknown[]) => void, ...args: unknown[]): void {
    queueMicrotask(() => callback(...args));
  }

  /** Tells the `exit` listeners once and ends the program. */
  exit(code?: number | string): never {
    if (code !== undefined) this.exitCode = code;
    if (!this.#exiting) {
      this.#exiting = true;
      this.emit('exit', Number(this.exitCode ?? 0));
    }
    return host.exit(Number(this.exitCode ?? 0) & 0xff);
  }
}

const process = new Process();
export default process;
