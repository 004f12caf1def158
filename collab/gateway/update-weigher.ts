import { Worker } from 'node:worker_threads';
import type { Log } from '#platform/log.ts';

/** Number of Yjs structs and of deleted ranges in an update; undefined: it cannot be decoded. */
type Weight = { structs: number; deletions: number } | undefined;

export type WeighRequest = { id: number; update: Uint8Array };
export type WeighReply = { id: number; weight: Weight };

/** Weighs updates in a thread, so that what would stall the process is refused without stalling it. */
export interface UpdateWeigher {
  /** Rejects when the thread has ended; the next call starts another. */
  weigh(update: Uint8Array): Promise<Weight>;
  close(): Promise<void>;
}

/** Decoding an update of this size takes a few ms at worst, so smaller ones need not be weighed. */
export const lightBytes = 32 * 1024;

/** The thread starts with the first heavy update. */
export function createUpdateWeigher({ log }: { log: Log }): UpdateWeigher {
  let thread: Worker | undefined;
  let lastId = 0;
  const waiting = new Map<number, { resolve: (weight: Weight) => void; reject: (error: Error) => void }>();

  function fail(error: Error): void {
    thread = undefined;
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  }

  function start(): Worker {
    const worker = new Worker(new URL('./update-weigher-thread.ts', import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: 512 },
    });
    worker.unref();
    worker.on('message', ({ id, weight }: WeighReply) => {
      waiting.get(id)?.resolve(weight);
      waiting.delete(id);
    });
    worker.on('error', (error) => {
      log.error({ error }, 'the thread that weighs updates ended');
      fail(error);
    });
    worker.on('exit', () => fail(new Error('the thread that weighs updates has ended')));
    return worker;
  }

  return {
    weigh(update) {
      thread ??= start();
      lastId += 1;
      const request: WeighRequest = { id: lastId, update };
      return new Promise((resolve, reject) => {
        waiting.set(request.id, { resolve, reject });
        thread!.postMessage(request);
      });
    },
    async close() {
      await thread?.terminate();
    },
  };
}
