export type Imports = Record<string, Record<string, unknown>>;

type Memory = { readonly buffer: ArrayBuffer; grow(pages: number): number };

/** The little of WebAssembly the guests put their hands on; Node's types leave it to those of the browser. */
export const { WebAssembly: wasm } = globalThis as unknown as {
  WebAssembly: {
    Memory: { prototype: Memory };
    instantiate(source: unknown, imports?: Imports): Promise<unknown>;
  };
};
