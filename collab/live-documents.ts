import type { Document } from '@hocuspocus/server';
import * as Y from 'yjs';
import type { Log } from '#platform/log.ts';
import type { PendingUpdate } from './log/write-path.ts';

/** Applied updates carry this as their Yjs transaction origin; Hocuspocus then schedules no store of its own. */
export const committedOrigin = { source: 'local', skipStoreHooks: true } as const;
/** The same for edits made by the server. */
export const serverOrigin = { source: 'local', skipStoreHooks: true, context: { server: true } } as const;

export type Live = {
  document: Document;
  epoch: number;
  /** The size of the encoded state in bytes when it was measured, plus every update since: never too small. */
  bytes: number;
  /** Epoch ms. */
  measuredAt: number;
  measuredBytes: number;
  /** Bytes of clients' updates that are being written and will be applied. */
  expectedBytes: number;
};

/**
 * Encoding a large document takes tens of milliseconds, so one that seems to be at its limit is measured again only when
 * so much time has passed or so much has come in since.
 */
const measureAfter = { ms: 1_000, bytes: 1024 * 1024 };

/** The documents in this node's memory, and the only hand that changes their text. */
export interface LiveDocuments {
  get(name: string): Live | undefined;
  all(): Iterable<Live>;
  /**
   * Whether an update of so many bytes keeps the document within its limit. `later`: it may, when what is expected has
   * been applied, which can delete as well.
   */
  fit(name: string, bytes: number): 'fits' | 'later' | 'tooLarge';
  /** A client's update of so many bytes is on its way to `apply`. */
  expect(name: string, bytes: number): void;
  /** Applies a committed batch in order, one transaction and so one broadcast per document (clients' and server's edits apart). */
  apply(batch: readonly PendingUpdate[]): void;
  /**
   * Loads a document: `read` fills it from the database while updates that commit meanwhile are collected, and are
   * applied before anybody sees it. `pending` are those already committed that the database may not have.
   */
  load(document: Document, pending: () => PendingUpdate[], read: () => Promise<number>): Promise<void>;
}

/**
 * `changed` is called for every change of a loaded document, with the Yjs update and the one reader it came from, if it
 * was one alone.
 */
export function createLiveDocuments(deps: {
  log: Log;
  /** How large an encoded document may be. */
  maxBytes: number;
  changed: (name: string, update: Uint8Array, from: object | undefined) => void;
}): LiveDocuments {
  const { log, maxBytes } = deps;
  const live = new Map<string, Live>();
  const loading = new Map<string, PendingUpdate[]>();
  /** Who made the change that is being applied. */
  let applying: object | undefined;

  function applyRun(target: Live, updates: readonly PendingUpdate[]): void {
    const { document } = target;
    const origin = updates[0]!.byServer ? serverOrigin : committedOrigin;
    const { from } = updates[0]!;
    applying = updates.every((update) => update.from === from) ? from : undefined;
    for (const update of updates) {
      target.bytes += update.update.length;
      if (update.from !== undefined) target.expectedBytes -= update.update.length;
    }
    document.transact(() => {
      for (const { id, update } of updates) {
        try {
          Y.applyUpdate(document, update, origin);
        } catch (error) {
          // It decoded when it came in, so this is a defect of ours; one update must not take the batch along.
          log.error({ error, updateId: id, document: document.name }, 'a committed update could not be applied');
        }
      }
    }, origin);
    applying = undefined;
  }

  function applyTo(target: Live, updates: readonly PendingUpdate[]): void {
    const current = updates.filter((update) => update.epoch === target.epoch);
    let from = 0;
    for (let to = 1; to <= current.length; to += 1) {
      if (to < current.length && current[to]!.byServer === current[from]!.byServer) continue;
      applyRun(target, current.slice(from, to));
      from = to;
    }
  }

  function measure(target: Live): void {
    target.bytes = Y.encodeStateAsUpdate(target.document).length;
    target.measuredBytes = target.bytes;
    target.measuredAt = Date.now();
  }

  const isWithin = (target: Live, bytes: number) => target.bytes + target.expectedBytes + bytes <= maxBytes;

  /** Whatever one document does wrong, the others of the batch get their updates. */
  function applySafely(target: Live, updates: readonly PendingUpdate[]): void {
    try {
      applyTo(target, updates);
    } catch (error) {
      log.error({ error, document: target.document.name }, 'committed updates could not be applied');
    }
  }

  return {
    get: (name) => live.get(name),
    all: () => live.values(),
    fit(name, bytes) {
      const target = live.get(name);
      if (target === undefined || isWithin(target, bytes)) return 'fits';
      const { measuredAt, measuredBytes } = target;
      if (Date.now() - measuredAt >= measureAfter.ms || target.bytes - measuredBytes >= measureAfter.bytes) {
        measure(target);
        if (isWithin(target, bytes)) return 'fits';
      }
      return target.expectedBytes > 0 ? 'later' : 'tooLarge';
    },
    expect(name, bytes) {
      const target = live.get(name);
      if (target !== undefined) target.expectedBytes += bytes;
    },
    apply(batch) {
      const groups = new Map<string, PendingUpdate[]>();
      for (const update of batch) {
        const group = groups.get(update.document);
        if (group === undefined) groups.set(update.document, [update]);
        else group.push(update);
      }
      for (const [name, updates] of groups) {
        const target = live.get(name);
        if (target !== undefined) applySafely(target, updates);
        loading.get(name)?.push(...updates);
      }
    },
    async load(document, pending, read) {
      const { name } = document;
      const collected = pending();
      loading.set(name, collected);
      try {
        const epoch = await read();
        const loaded: Live = { document, epoch, bytes: 0, measuredAt: 0, measuredBytes: 0, expectedBytes: 0 };
        measure(loaded);
        applyTo(loaded, collected);
        // What was collected had been expected of an earlier life of the document.
        loaded.expectedBytes = 0;
        live.set(name, loaded);
        document.on('update', (update: Uint8Array) => deps.changed(name, update, applying));
        document.on('destroy', () => {
          if (live.get(name) === loaded) live.delete(name);
        });
      } finally {
        loading.delete(name);
      }
    },
  };
}
