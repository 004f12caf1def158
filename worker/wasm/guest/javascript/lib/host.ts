/** What the interpreter is given from outside: functions over strings and numbers, nothing else. */
export type Host = {
  /** Takes what stands in `pending` and writes it out. */
  flush(): void;
  /** All of standard input. */
  stdin(): string;
  /** Ends the process; never returns. */
  exit(code: number): never;
  /** The text of a file of the program, or undefined. */
  file(path: string): string | undefined;
  /** Turns CommonJS source into a function (exports, require, module, __filename, __dirname). */
  compile(path: string): (...args: unknown[]) => unknown;
  /** The path or `node:` name that `request` means in the file `from`; throws when there is none. */
  resolve(request: string, from: string): string;
  /** Milliseconds since the program began. */
  now(): number;
  /** A stack with the places of compiled TypeScript put back to where they were written. */
  original(stack: string): string;
  promiseState(promise: unknown): 'pending' | 'fulfilled' | 'rejected';
  promiseValue(promise: unknown): unknown;
  entry(): string;
  /** The program's arguments, as JSON. */
  args(): string;
};

/** Output that has not reached the host. `busy` guards it while a write is under way: the host may look at any time. */
export type Pending = { busy: boolean; stdout: string; stderr: string };

const given = globalThis as { __host?: Host; __pending?: Pending };
export const host = given.__host as Host;
export const pending: Pending = given.__pending ?? { busy: false, stdout: '', stderr: '' };
delete given.__host;
delete given.__pending;
