import type { QuickJSContext, QuickJSHandle, VmFunctionImplementation } from 'quickjs-emscripten';
import type { Program } from '../../protocol.ts';
import { finish, flush, write } from '../channel.ts';
import { resolve } from './resolve.ts';

/** A program as the interpreter runs it: what was written, and what is executed under the same path. */
export type Running = {
  program: Program;
  code: Map<string, string>;
  sources: Map<string, string>;
  original: (stack: string) => string;
};

export type Bridge = { begin(running: Running): void; collect(): void; exit(code: number): never };

const given = '(exports, require, module, __filename, __dirname)';

/** CommonJS source as a function expression; its first line keeps its number. */
export const wrapCommonJs = (source: string) => `(function ${given} {${source}\n})`;
export const callCommonJs = (source: string) => wrapCommonJs(source) + given;

/**
 * The functions of `lib/host.ts`, put on the interpreter's global object for the library to take. Only strings and
 * numbers cross, or values the interpreter made itself: no object of this process is ever within a program's reach.
 */
export function openBridge(context: QuickJSContext): Bridge {
  let running: Running | undefined;
  let startedAt = 0;
  const encoder = new TextEncoder();
  const empty = context.newString('');
  const pending = context.newObject();
  context.setProp(pending, 'busy', context.false);
  for (const name of ['stdout', 'stderr']) context.setProp(pending, name, empty);
  context.setProp(context.global, '__pending', pending);

  const collect = () => {
    if (context.getProp(pending, 'busy').consume(context.dump.bind(context)) === true) return;
    for (const name of ['stdout', 'stderr'] as const) {
      const text = context.getProp(pending, name).consume(context.getString.bind(context));
      if (text === '') continue;
      context.setProp(pending, name, empty);
      write(name, encoder.encode(text));
    }
    flush();
  };
  const exit = (code: number): never => {
    collect();
    return finish({ status: code === 0 ? 'ok' : 'runtime-error', exitCode: code });
  };
  const known = (): Running => {
    if (running === undefined) throw new Error('No program yet');
    return running;
  };

  const text = (handle: QuickJSHandle) => context.getString(handle);
  const give = (value: string | undefined) => (value === undefined ? context.undefined : context.newString(value));
  const functions: Record<string, VmFunctionImplementation<QuickJSHandle>> = {
    flush: () => collect(),
    exit: (code) => exit(context.getNumber(code)),
    now: () => context.newNumber(performance.now() - startedAt),
    stdin: () => give(known().program.stdin),
    entry: () => give(known().program.entry),
    args: () => give(JSON.stringify(known().program.args)),
    file: (path) => give(known().sources.get(text(path))),
    original: (stack) => give(running?.original(text(stack)) ?? text(stack)),
    resolve: (request, from) => give(resolve(text(request), text(from), (path) => known().code.has(path))),
    compile: (path) => context.evalCode(wrapCommonJs(known().code.get(text(path)) ?? ''), text(path)),
    promiseState: (promise) => give(context.getPromiseState(promise).type),
    promiseValue: (promise) => {
      const state = context.getPromiseState(promise);
      if (state.type === 'pending') return context.undefined;
      return state.type === 'rejected' ? state.error : state.value.dup();
    },
  };
  const host = context.newObject();
  for (const [name, implementation] of Object.entries(functions)) {
    context.newFunction(name, implementation).consume((handle) => context.setProp(host, name, handle));
  }
  context.setProp(context.global, '__host', host);

  return {
    begin: (next) => {
      running = next;
      startedAt = performance.now();
    },
    collect,
    exit,
  };
}
