import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import process from 'node:process';
import { newQuickJSWASMModule, type QuickJSContext, type QuickJSHandle } from 'quickjs-emscripten';
import { finish, sleep, tick, write } from '../channel.ts';
import { limitMemory } from '../memory.ts';
import { callCommonJs, openBridge, wrapCommonJs, type Running } from './host.ts';
import { interceptTable } from './rejections.ts';
import { resolve } from './resolve.ts';

const collectMs = 20;
const missing = 'missing:';
const megabyte = 1024 * 1024;

/** The interpreter keeps its own stack; the JavaScript engine below must have room for it, or it breaks first. */
const roomyStack = process.execArgv.some((flag) => Number(/^--stack-size=(\d+)$/.exec(flag)?.[1]) > 10_000);
const stackBytes = roomyStack ? 2 * megabyte : 160 * 1024;

const { guestFiles } = globalThis as { guestFiles?: Record<string, string> };

function libraryFile(name: string): string {
  const url = new URL(`./lib/${name.slice('node:'.length).replace('/', '-')}.ts`, import.meta.url);
  return guestFiles?.[url.href] ?? stripTypeScriptTypes(readFileSync(url, 'utf8'));
}

/** QuickJS with our library loaded, waiting for one program. */
export async function createInterpreter(): Promise<{ run(running: Running): never }> {
  const trackRejections = interceptTable();
  const quickjs = await newQuickJSWASMModule();
  const runtime = quickjs.newRuntime();
  runtime.setMaxStackSize(stackBytes);
  const context = runtime.newContext();
  const rejections = await trackRejections(quickjs, runtime, context);
  const bridge = openBridge(context);
  let running: Running | undefined;
  let library: QuickJSHandle | undefined;
  /** Of a module, the promise of its end. */
  let topLevel: QuickJSHandle | undefined;

  const call = (name: string, ...args: QuickJSHandle[]) =>
    context.getProp(library!, name).consume((fn) => context.callFunction(fn, context.undefined, ...args));

  /** A file without import and export that says in CommonJS what it exports. */
  const isCommonJs = (path: string, source: string) => {
    if (/\.c[jt]s$/.test(path)) return true;
    if (!/\b(module\.exports|exports\s*[.[])/.test(source)) return false;
    return context.evalCode(wrapCommonJs(source), path, { compileOnly: true }).error === undefined;
  };

  runtime.setModuleLoader(
    (name) => {
      if (name.startsWith(missing)) return { error: new Error(name.slice(missing.length)) };
      if (name.startsWith('node:')) return libraryFile(name);
      const source = running?.code.get(name) ?? '';
      if (!name.endsWith('.json') && !isCommonJs(name, source)) return source;
      const result = context.newString(name).consume((path) => call('exportNames', path));
      if (result.error) return { error: guestError(context, result.error) };
      const names = JSON.parse(result.value.consume((value) => context.getString(value))) as string[];
      const path = JSON.stringify(name);
      const lines = names.map((key, index) => `const v${index} = m[${JSON.stringify(key)}];`);
      const exported = names.map((key, index) => `v${index} as ${key}`);
      return [
        "import { createRequire } from 'node:modules';",
        `const m = createRequire('')('/' + ${path});`,
        ...lines,
        `export { m as default, ${exported.join(', ')} };`,
      ].join('\n');
    },
    (from, request) => {
      if (from.startsWith('node:')) return `node:${request.slice('./'.length, -'.ts'.length).replace('-', '/')}`;
      if (request === 'node:modules') return request;
      try {
        return resolve(request, from, (path) => running?.code.has(path) ?? false);
      } catch (error) {
        // An error from here would be lost; one from the loader is not.
        return missing + (error as Error).message;
      }
    },
  );
  const booted = context.evalCode(libraryFile('node:boot'), 'node:boot', { type: 'module' });
  library = context.unwrapResult(booted);

  const fail = (error: QuickJSHandle): void => {
    runtime.setMemoryLimit(-1);
    const { name, message, stack } = describe(context, error);
    const outOfMemory = name === 'InternalError' && message === 'out of memory';
    const handled = call('uncaught', error);
    bridge.collect();
    if (handled.error === undefined && context.dump(handled.value) === true) return;
    // A program that has spoilt what our library needs is told by us.
    if (handled.error) complain(`Uncaught ${name}: ${message}\n${stack}`);
    finish({ status: outOfMemory ? 'memory-limit' : 'runtime-error', exitCode: 1 });
  };

  const evaluate = (path: string, source: string) => {
    const asModule = () => {
      const result = context.evalCode(source, path, { type: 'module' });
      if (!result.error) topLevel = result.value;
      return result;
    };
    if (/\.m[jt]s$/.test(path)) return asModule();
    // A script of its own where it can be one, so that its columns are the file's.
    const script = context.evalCode(source, path, { compileOnly: true });
    if (script.error === undefined) return context.evalCode(source, path);
    // A script that returns is possible in CommonJS only.
    const wrapped = context.evalCode(wrapCommonJs(source), path, { compileOnly: true });
    if (wrapped.error === undefined) return context.evalCode(callCommonJs(source), path);
    return /^\s*(import|export)\b/m.test(source) || /\bawait\b/.test(source) ? asModule() : script;
  };

  const unsettled = () => {
    bridge.collect();
    complain('Warning: Detected unsettled top-level await');
    bridge.exit(13);
  };

  const execute = () => {
    const { program, code } = running!;
    context.unwrapResult(call('begin'));
    const started = evaluate(program.entry, code.get(program.entry) ?? '');
    if (started.error) fail(started.error);
    for (;;) {
      const jobs = runtime.executePendingJobs();
      if (jobs.error) fail(jobs.error);
      const lost = rejections.take();
      if (lost !== undefined) fail(lost);
      const turn = call('turn');
      if (turn.error) {
        fail(turn.error);
        continue;
      }
      const wait = context.getNumber(turn.value);
      if (wait < 0 && !runtime.hasPendingJob()) {
        const stuck = topLevel !== undefined && context.getPromiseState(topLevel).type === 'pending';
        if (stuck) unsettled();
        break;
      }
      bridge.collect();
      if (wait > 0) sleep(wait);
    }
    const end = call('exit');
    if (end.error) fail(end.error);
  };

  return {
    run: (next) => {
      running = next;
      bridge.begin(next);
      runtime.setMemoryLimit(next.program.memoryBytes);
      limitMemory(next.program.memoryBytes + 32 * megabyte);
      let collectedAt = performance.now();
      runtime.setInterruptHandler(() => {
        tick();
        const now = performance.now();
        if (now - collectedAt < collectMs) return false;
        collectedAt = now;
        bridge.collect();
        return false;
      });
      try {
        execute();
      } catch (error) {
        // The engine below ran out of stack: the program's recursion, or what it gave a parser to chew.
        if (!(error instanceof RangeError)) throw error;
        complain('RangeError: Maximum call stack size exceeded');
      }
      return finish({ status: 'runtime-error', exitCode: 1 });
    },
  };
}

const complain = (text: string) => write('stderr', new TextEncoder().encode(`${text}\n`));

/** The words of an error, read one by one: a program can make any other way of showing it lie or fail. */
function describe(context: QuickJSContext, error: QuickJSHandle): { name: string; message: string; stack: string } {
  const text = (key: string) => context.getProp(error, key).consume((value) => context.getString(value));
  return { name: text('name'), message: text('message'), stack: text('stack') };
}

function guestError(context: QuickJSContext, handle: QuickJSHandle): Error {
  const { name, message } = describe(context, handle);
  return Object.assign(new Error(message), { name });
}
