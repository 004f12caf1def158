import type { QuickJSContext, QuickJSHandle, QuickJSRuntime, QuickJSWASMModule } from 'quickjs-emscripten';
import { wasm, type Table } from '../webassembly.ts';

/*
 * An async function that throws while nobody waits for it must not fail in silence. QuickJS has a hook for that, which
 * the package does not offer; so it is set from here. The engine's table of functions is exported, a function of ours is
 * put into it, and its number is written where the engine looks for the hook: two words behind that of the interrupt
 * handler, which the package can set and which is found by doing so. `createInterpreter` does not come up when any of
 * this is not as expected, so a new version of the package cannot break it unseen.
 */
const tableName = 'table';
const exportSection = 7;

function encodeNumber(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...encodeNumber(value >>> 7)];
}

function decodeNumber(bytes: Uint8Array, at: number): { value: number; next: number } {
  let value = 0;
  for (let shift = 0; ; shift += 7, at += 1) {
    value |= (bytes[at]! & 127) << shift;
    if (bytes[at]! < 128) return { value, next: at + 1 };
  }
}

/** The module with its first table among its exports. */
function exportTable(module: Uint8Array): Uint8Array {
  for (let at = 8; at < module.length;) {
    const size = decodeNumber(module, at + 1);
    const end = size.next + size.value;
    if (module[at] === exportSection) {
      const count = decodeNumber(module, size.next);
      const entry = [tableName.length, ...new TextEncoder().encode(tableName), 1, 0];
      const body = [...encodeNumber(count.value + 1), ...module.subarray(count.next, end), ...entry];
      const section = [exportSection, ...encodeNumber(body.length), ...body];
      const result = new Uint8Array(at + section.length + module.length - end);
      result.set(module.subarray(0, at));
      result.set(section, at);
      result.set(module.subarray(end), at + section.length);
      return result;
    }
    at = end;
  }
  throw new Error('The engine exports nothing');
}

/** A module that imports the function e.f of the hook's type, (i32, i64, i64, i32, i32) → (), and exports it as g. */
const shim = Uint8Array.of(
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  ...[1, 9, 1, 0x60, 5, 0x7f, 0x7e, 0x7e, 0x7f, 0x7f, 0],
  ...[2, 7, 1, 1, 0x65, 1, 0x66, 0, 0],
  ...[7, 5, 1, 1, 0x67, 0, 0],
);

/** What the package keeps to itself. */
type Inside = {
  ctx: { value: number };
  rt: { value: number };
  ffi: { QTS_DupValuePointer(context: number, value: number): number };
  memory: { heapValueHandle(pointer: number): QuickJSHandle };
  module: { _malloc(bytes: number): number };
};

export type Rejections = {
  /** The reason of a promise that was rejected and that still nobody listens to; all others are forgotten. */
  take(): QuickJSHandle | undefined;
};

/** To be called before the engine is loaded; the result is called with the loaded one. */
export function interceptTable(): (
  engine: QuickJSWASMModule,
  runtime: QuickJSRuntime,
  context: QuickJSContext,
) => Promise<Rejections> {
  const { instantiate } = wasm;
  let table: Table | undefined;
  wasm.instantiate = async (source, imports) => {
    const result = await instantiate(exportTable(source as Uint8Array), imports);
    table = result.instance.exports[tableName] as Table;
    return result;
  };

  return async (engine, runtime, context) => {
    wasm.instantiate = instantiate;
    const inside = context as unknown as Inside;
    const { _malloc: allocate } = inside.module;
    const scratch = allocate(8);
    const hold = (value: bigint): QuickJSHandle => {
      new BigInt64Array(engine.getWasmMemory().buffer)[scratch / 8] = value;
      return inside.memory.heapValueHandle(inside.ffi.QTS_DupValuePointer(inside.ctx.value, scratch));
    };

    // Both are held, so that neither can be freed and its place taken by another.
    const lost = new Map<bigint, { promise: QuickJSHandle; reason: QuickJSHandle }>();
    const track = (_context: number, promise: bigint, reason: bigint, handled: number) => {
      if (handled === 0) lost.set(promise, { promise: hold(promise), reason: hold(reason) });
      else lost.delete(promise);
    };
    const { instance } = await instantiate(shim, { e: { f: track } });
    const number = table!.grow(1);
    table!.set(number, instance.exports['g']);

    const words = () => new Uint32Array(engine.getWasmMemory().buffer, inside.rt.value, 256);
    const before = words().slice();
    runtime.setInterruptHandler(() => false);
    const changed = [...words().keys()].filter((index) => words()[index] !== before[index]);
    const hook = (changed[0] ?? 0) + 2;
    if (changed.length !== 1 || words()[hook] !== 0 || words()[hook + 1] !== 0) {
      throw new Error('This is not the engine that the hook for rejections was written for');
    }
    words()[hook] = number;

    return {
      take: () => {
        const [first] = lost.values();
        lost.clear();
        return first?.reason;
      },
    };
  };
}
