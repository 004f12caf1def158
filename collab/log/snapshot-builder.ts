import { Worker } from 'node:worker_threads';

export type BuildRequest =
  | { type: 'begin' }
  /** Updates one behind the other. */
  | { type: 'add'; bytes: Uint8Array; lengths: Uint32Array }
  | { type: 'finish'; epoch: number };
export type BuildReply =
  | { undecodable: number[] }
  /** Undefined when the first update of the epoch is not in it. */
  | { state: Uint8Array | undefined }
  | { failure: string };

/** The near side of the thread that joins updates into snapshots. It does one build at a time: begin, add …, finish. */
export interface SnapshotBuilder {
  begin(): Promise<void>;
  /** Resolves to the indexes of those that are no updates; if there are any, nothing of this call is joined. */
  add(updates: readonly Uint8Array[]): Promise<number[]>;
  /**
   * Ends the build with the whole state, updates that wait for missing ones included; undefined, and the build goes on,
   * when the first update of the epoch is not in it.
   */
  finish(epoch: number): Promise<Uint8Array | undefined>;
  /** Ends the thread for good; whatever waits for it rejects. */
  close(): Promise<void>;
}

/** A document this thread cannot join ends the thread, and not the process. */
const heapMb = 1024;

/** The thread starts with the first build. When it has died, the build it was at rejects and the next starts another. */
export function createSnapshotBuilder(): SnapshotBuilder {
  let thread: Worker | undefined;
  let answer: PromiseWithResolvers<BuildReply> | undefined;
  let closed = false;

  function start(): Worker {
    const worker = new Worker(new URL('./compaction-thread.ts', import.meta.url), {
      name: 'compaction',
      resourceLimits: { maxOldGenerationSizeMb: heapMb },
    });
    let reason = 'it was closed';
    worker.unref();
    worker.on('message', (reply: BuildReply) => answer?.resolve(reply));
    worker.on('error', (error) => {
      reason = error.message;
    });
    worker.on('exit', () => {
      if (thread === worker) thread = undefined;
      answer?.reject(new Error(`the compaction thread ended: ${reason}`));
    });
    return worker;
  }

  async function ask(request: BuildRequest, transfer: ArrayBuffer[] = []): Promise<BuildReply> {
    if (closed) throw new Error('the compaction thread is closed');
    thread ??= start();
    answer = Promise.withResolvers();
    thread.postMessage(request, transfer);
    const reply = await answer.promise;
    if ('failure' in reply) throw new Error(`a snapshot could not be built: ${reply.failure}`);
    return reply;
  }

  return {
    async begin() {
      await ask({ type: 'begin' });
    },
    async add(updates) {
      const lengths = Uint32Array.from(updates, (update) => update.length);
      const bytes = new Uint8Array(lengths.reduce((sum, length) => sum + length, 0));
      let end = 0;
      for (const update of updates) {
        bytes.set(update, end);
        end += update.length;
      }
      const reply = await ask({ type: 'add', bytes, lengths }, [bytes.buffer, lengths.buffer]);
      return 'undecodable' in reply ? reply.undecodable : [];
    },
    async finish(epoch) {
      const reply = await ask({ type: 'finish', epoch });
      return 'state' in reply ? reply.state : undefined;
    },
    async close() {
      closed = true;
      await thread?.terminate();
    },
  };
}
