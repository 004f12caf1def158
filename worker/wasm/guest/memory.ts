import { wasm } from './webassembly.ts';

/**
 * Caps what the engine's WebAssembly memory may grow to; its allocator then fails, which is an error of the program.
 * Emscripten grows memory by this method only. The result tells whether that has happened.
 */
export function limitMemory(maxBytes: number): { readonly refused: boolean } {
  const state = { refused: false };
  const { prototype } = wasm.Memory;
  const { grow } = prototype;
  prototype.grow = function (pages) {
    if (this.buffer.byteLength + pages * 65_536 > maxBytes) {
      state.refused = true;
      throw new RangeError('The memory limit is reached');
    }
    return grow.call(this, pages);
  };
  return state;
}
