export type Slots = {
  /** Waits for a turn, first come first served whatever the language; resolves to a function that gives it back. */
  take(signal: AbortSignal): Promise<() => void>;
};

/** At most `count` holders at a time. `take` rejects with the signal's reason when it aborts first. */
export function createSlots(count: number): Slots {
  let free = count;
  const waiting: (() => void)[] = [];
  const give = () => {
    const next = waiting.shift();
    if (next === undefined) free += 1;
    else next();
  };
  return {
    take: (signal) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason as Error);
        const held = () => {
          signal.removeEventListener('abort', leave);
          let given = false;
          resolve(() => {
            if (!given) give();
            given = true;
          });
        };
        const leave = () => {
          waiting.splice(waiting.indexOf(held), 1);
          reject(signal.reason as Error);
        };
        if (free > 0) {
          free -= 1;
          return held();
        }
        waiting.push(held);
        signal.addEventListener('abort', leave, { once: true });
      }),
  };
}
