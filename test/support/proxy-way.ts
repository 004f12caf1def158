import type { Socket } from 'node:net';
import type { Random } from './random.ts';

/** One direction of a proxy. Every switch takes effect at once, on open connections too. */
export interface Way {
  /** Holds everything back; what was held goes on with `calm`. An end of the connection is held back as well. */
  pause(): void;
  /** Swallows everything and passes on no end either: the other side is left half open. */
  drop(): void;
  /** Each piece arrives this much later, and up to `jitterMs` more; order is kept. */
  delay(ms: number, jitterMs?: number): void;
  throttle(bytesPerSecond: number): void;
  /** So many more bytes of each connection pass, then it breaks: in the middle of a frame, if the count says so. */
  truncateAfter(bytes: number): void;
  /** Carries as if nothing were between. */
  calm(): void;
  /** Bytes carried so far, over all connections. */
  carried(): number;
}

type Settings = {
  paused: boolean;
  dropping: boolean;
  delayMs: number;
  jitterMs: number;
  bytesPerSecond: number | undefined;
  truncateAfter: number | undefined;
};

const nothingBetween: Settings = {
  paused: false,
  dropping: false,
  delayMs: 0,
  jitterMs: 0,
  bytesPerSecond: undefined,
  truncateAfter: undefined,
};

/** More than this is left in the sender's socket, so that it feels a slow or silent reader. */
const heldBytes = 64 * 1024;
const throttleTickMs = 50;

/** Makes a direction. `carry` moves the bytes of one connection from `source` to `target` as the switches say. */
export function createWay(random: Random): Way & { carry(source: Socket, target: Socket): void } {
  let settings = nothingBetween;
  const changed = new Set<() => void>();
  let carried = 0;
  const set = (change: Partial<Settings>) => {
    settings = { ...settings, ...change };
    for (const pump of changed) pump();
  };

  function carry(source: Socket, target: Socket): void {
    let queue: { bytes: Buffer; due: number }[] = [];
    let queuedBytes = 0;
    let lastDue = 0;
    let timer: NodeJS.Timeout | undefined;
    let blocked = false;
    let ended = false;
    /** Since the truncation was ordered. */
    let passed = 0;

    const later = (ms: number) => {
      timer = setTimeout(() => {
        timer = undefined;
        pump();
      }, ms);
    };

    function pump(): void {
      if (settings.dropping) [queue, queuedBytes] = [[], 0];
      while (queue.length > 0 && !settings.paused && !blocked && timer === undefined) step(queue[0]!);
      if (queuedBytes < heldBytes && !settings.paused) source.resume();
      if (ended && queue.length === 0 && !settings.paused && !settings.dropping) target.destroySoon();
    }

    function step(head: { bytes: Buffer; due: number }): void {
      const early = head.due - performance.now();
      if (early > 0) return later(early);
      const { bytesPerSecond, truncateAfter } = settings;
      const slice =
        bytesPerSecond === undefined ? head.bytes.length : Math.ceil((bytesPerSecond * throttleTickMs) / 1000);
      const part = head.bytes.subarray(0, Math.min(slice, (truncateAfter ?? Infinity) - passed));
      head.bytes = head.bytes.subarray(part.length);
      queuedBytes -= part.length;
      carried += part.length;
      if (truncateAfter !== undefined) passed += part.length;
      if (head.bytes.length === 0) queue.shift();
      blocked = !target.write(part);
      if (truncateAfter !== undefined && passed >= truncateAfter) {
        queue = [];
        source.destroy();
        return target.destroySoon();
      }
      if (bytesPerSecond !== undefined) later(throttleTickMs);
    }

    source.on('data', (bytes: Buffer) => {
      if (settings.dropping) return;
      lastDue = Math.max(lastDue, performance.now() + settings.delayMs + random.next() * settings.jitterMs);
      queue.push({ bytes, due: lastDue });
      queuedBytes += bytes.length;
      if (queuedBytes >= heldBytes || settings.paused) source.pause();
      pump();
    });
    target.on('drain', () => {
      blocked = false;
      pump();
    });
    // An end waits its turn behind the bytes, and is not passed on where nothing is.
    source.on('close', () => {
      ended = true;
      pump();
    });
    const onChange = () => {
      if (settings.truncateAfter === undefined) passed = 0;
      pump();
    };
    changed.add(onChange);
    target.on('close', () => {
      changed.delete(onChange);
      clearTimeout(timer);
    });
  }

  return {
    carry,
    pause: () => set({ paused: true }),
    drop: () => set({ dropping: true }),
    delay: (delayMs, jitterMs = 0) => set({ delayMs, jitterMs }),
    throttle: (bytesPerSecond) => set({ bytesPerSecond }),
    truncateAfter: (bytes) => set({ truncateAfter: bytes }),
    calm: () => set(nothingBetween),
    carried: () => carried,
  };
}
