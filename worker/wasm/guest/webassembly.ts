export type Imports = Record<string, Record<string, unknown>>;

/** Functions the module can call by number. */
export type Table = { grow(count: number): number; set(index: number, value: unknown): void };

type Memory = { readonly buffer: ArrayBuffer; grow(pages: number): number };

/** The little of WebAssembly the guests put their hands on; Node's types leave it to those of the browser. */
export const { WebAssembly: wasm } = globalThis as unknown as {
  WebAssembly: {
    Memory: { prototype: Memory };
    instantiate(source: unknown, imports?: Imports): Promise<{ instance: { exports: Record<string, unknown> } }>;
  };
};
