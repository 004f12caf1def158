/** Work on one thing at a time, in the order it came; different things do not wait for each other. */
export type Serial = {
  /** Runs `work` after all earlier work on `key`; resolves or rejects as it does. */
  run<T>(key: string, work: () => Promise<T>): Promise<T>;
};

export function createSerial(): Serial {
  const tails = new Map<string, Promise<unknown>>();
  return {
    run(key, work) {
      const result = (tails.get(key) ?? Promise.resolve()).then(work);
      const tail = result
        .catch(() => undefined)
        .finally(() => {
          if (tails.get(key) === tail) tails.delete(key);
        });
      tails.set(key, tail);
      return result;
    },
  };
}
