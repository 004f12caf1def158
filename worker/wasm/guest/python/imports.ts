import { sleep, write } from '../channel.ts';
import { wasm, type Imports } from '../webassembly.ts';
import type { MemoryFiles } from './disk.ts';

/** What the engine exposes and these lines touch; none of it is in Pyodide's published types. */
export type Engine = {
  HEAPU8: Uint8Array;
  HEAPU32: Uint32Array;
  FS: {
    streams: unknown[];
    ErrnoError: new (errno: number) => Error;
    filesystems: { MEMFS: MemoryFiles };
  };
  error: unknown;
  handle_js_error(error: Error): void;
};

const errno = { accessDenied: 2, notSupported: 52 };
const lookupFailed = -4;

const socketCalls = ['socket', 'bind', 'connect', 'listen', 'accept4', 'sendto', 'sendmsg', 'recvfrom', 'recvmsg'];

/** Everything by which Python code could call, read or build a JavaScript object. */
const crossings = [
  ...['JsvFunction_CallBound', 'JsvFunction_Call_OneArg', 'JsvFunction_Construct', 'JsvObject_CallMethod'],
  ...['JsvObject_CallMethod_NoArgs', 'JsvObject_CallMethod_OneArg', 'JsvObject_CallMethod_TwoArgs'],
  ...['JsvObject_Entries', 'JsvObject_Keys', 'JsvObject_Values', 'JsProxy_Dir_js', 'JsProxy_GetAttr_js'],
  ...['JsProxy_subscript_js', 'JsProxy_GetIter_js', 'JsArray_index_js', 'JsModule_GetAll_js'],
];

export type Gate = {
  /** From now on Python cannot reach JavaScript, and its output goes to this process's pipes. */
  close(engine: Engine): void;
  /** Lets nothing out any more: a broken interpreter dumps its frames. */
  mute(): void;
};

/**
 * Takes the place of the few functions through which the engine could touch more than its own memory. Sockets, shell
 * commands and loading of native code are refused from the start; JavaScript is when the gate closes, because Pyodide
 * needs it to start.
 */
export function gateImports(): Gate {
  let engine: Engine | undefined;
  let standard: unknown[] = [];
  let muted = false;
  const { instantiate } = wasm;

  const change = (imports: Imports | undefined): void => {
    const env = imports?.env;
    const wasi = imports?.wasi_snapshot_preview1;
    if (env === undefined || wasi === undefined || !('_emscripten_system' in env)) return;
    for (const call of socketCalls) env[`__syscall_${call}`] = () => -errno.accessDenied;
    env['getaddrinfo'] = () => lookupFailed;
    env['_emscripten_system'] = () => -errno.notSupported;
    env['_dlopen_js'] = () => 0;
    for (const name of crossings) {
      const original = env[name] as (...args: unknown[]) => unknown;
      env[name] = (...args: unknown[]) => {
        if (engine === undefined) return original(...args);
        engine.handle_js_error(new Error('JavaScript cannot be reached from here'));
        return engine.error;
      };
    }
    const poll = env['__syscall_poll'] as (fds: number, count: number, timeoutMs: number) => number;
    env['__syscall_poll'] = (fds: number, count: number, timeoutMs: number) => {
      // The engine's own waiting burns the processor. `driver.py` waits by polling nothing.
      if (count === 0 && timeoutMs > 0) sleep(timeoutMs);
      return poll(fds, count, timeoutMs);
    };
    const fdWrite = wasi['fd_write'] as (fd: number, vector: number, count: number, written: number) => number;
    wasi['fd_write'] = (fd: number, vector: number, count: number, written: number) => {
      const own = engine !== undefined && (fd === 1 || fd === 2) && engine.FS.streams[fd] === standard[fd];
      if (!own) return fdWrite(fd, vector, count, written);
      let total = 0;
      for (let index = 0; index < count; index += 1) {
        const start = engine!.HEAPU32[(vector >>> 2) + index * 2]!;
        const length = engine!.HEAPU32[(vector >>> 2) + index * 2 + 1]!;
        if (length > 0 && !muted) write(fd === 1 ? 'stdout' : 'stderr', engine!.HEAPU8, start, length);
        total += length;
      }
      engine!.HEAPU32[written >>> 2] = total;
      return 0;
    };
  };

  wasm.instantiate = (source, imports) => {
    change(imports);
    return instantiate(source, imports);
  };
  return {
    close: (ready) => {
      standard = [...ready.FS.streams];
      engine = ready;
    },
    mute: () => {
      muted = true;
    },
  };
}
