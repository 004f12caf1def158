import type { Log } from '#platform/log.ts';
import type { GuestProcess } from './guest-process.ts';

/** After a process that did not come up, the next is not tried at once. */
const retryMs = 1_000;
/** Even a busy machine starts an engine in less. */
const bootMs = 60_000;

export type Pool = {
  /** A process whose engine is up, for one program. Rejects when the engine does not come up, or the pool is closed. */
  take(signal: AbortSignal): Promise<GuestProcess>;
  close(): Promise<void>;
};

type Waiter = { resolve(guest: GuestProcess): void; reject(error: unknown): void };

/**
 * Keeps `spare` processes booted ahead of their use; each is used once and replaced in the background. While programs
 * wait, as many more boot, at most `atOnce` at a time. `ahead` is awaited before the first process starts.
 */
export function createPool(deps: {
  start: () => GuestProcess;
  spare: number;
  atOnce: number;
  ahead: Promise<void>;
  log: Log;
}): Pool {
  const { start, spare, atOnce, ahead, log } = deps;
  const ready = new Set<GuestProcess>();
  const booting = new Set<GuestProcess>();
  const waiting: Waiter[] = [];
  let state: 'preparing' | 'open' | 'closed' = 'preparing';
  let pausedUntil = 0;
  let retry: NodeJS.Timeout | undefined;

  const fill = () => {
    if (state !== 'open' || performance.now() < pausedUntil) return;
    while (booting.size < atOnce && ready.size + booting.size < spare + waiting.length) {
      let guest: GuestProcess;
      try {
        guest = start();
      } catch (error) {
        return failed(error);
      }
      const tooLate = setTimeout(() => guest.kill(), bootMs);
      booting.add(guest);
      void guest.ready
        .then(
          () => arrived(guest),
          (error: unknown) => failed(error),
        )
        .finally(() => clearTimeout(tooLate));
      void guest.closed.then(() => booting.delete(guest));
    }
  };

  const arrived = (guest: GuestProcess) => {
    booting.delete(guest);
    const next = waiting.shift();
    if (next !== undefined) next.resolve(guest);
    else {
      ready.add(guest);
      void guest.closed.then(() => {
        if (ready.delete(guest)) fill();
      });
    }
    fill();
  };

  const failed = (error: unknown) => {
    if (state === 'closed') return;
    log.error({ error }, 'an engine did not come up');
    waiting.shift()?.reject(error);
    pausedUntil = performance.now() + retryMs;
    clearTimeout(retry);
    retry = setTimeout(fill, retryMs + 1);
  };

  void ahead.then(() => {
    if (state === 'preparing') state = 'open';
    fill();
  });

  return {
    take: (signal) => {
      const [guest] = ready;
      if (guest !== undefined) {
        ready.delete(guest);
        fill();
        return Promise.resolve(guest);
      }
      const { promise, resolve, reject } = Promise.withResolvers<GuestProcess>();
      if (state === 'closed') reject(new Error('The worker is closed'));
      if (signal.aborted) reject(signal.reason as Error);
      else {
        const waiter = { resolve, reject };
        const leave = () => {
          const at = waiting.indexOf(waiter);
          if (at !== -1) waiting.splice(at, 1);
          reject(signal.reason as Error);
        };
        waiting.push(waiter);
        signal.addEventListener('abort', leave, { once: true });
        fill();
      }
      return promise;
    },
    close: async () => {
      state = 'closed';
      clearTimeout(retry);
      for (const waiter of waiting.splice(0)) waiter.reject(new Error('The worker is closed'));
      const guests = [...ready, ...booting];
      for (const guest of guests) guest.kill();
      await Promise.all(guests.map((guest) => guest.closed));
    },
  };
}
