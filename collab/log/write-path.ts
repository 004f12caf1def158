import type { ServerAwareness } from '#contract/awareness.ts';
import type { Clock } from '#platform/clock.ts';
import type { Db } from '#platform/db/schema.ts';
import type { NewId } from '#platform/ids.ts';
import type { Log } from '#platform/log.ts';
import type { Journal } from '../journal/journal.ts';
import type { JournalRecord } from '../journal/record.ts';
import { insertUpdates } from './document-log.ts';

export type LogState = ServerAwareness['log'];

/** An update on its way: appended → committed (synced to the journal, applied, seen by others) → stored (in the database). */
export type PendingUpdate = JournalRecord & { committed: boolean; byServer: boolean; from?: object | undefined };

/**
 * `byServer`: made by the server, perhaps on a person's behalf, and not by a client. `from`: the reader whose client sent
 * it, who has no need to hear it again.
 */
export type NewUpdate = Pick<JournalRecord, 'document' | 'epoch' | 'userId' | 'update'> & {
  byServer?: boolean;
  from?: object;
};

export interface WritePath {
  /** Takes an update without waiting. `stored` runs when the database has it. */
  append(update: NewUpdate, stored?: () => void): void;
  /** True when the database has everything of this document. */
  isStored(document: string): boolean;
  /** Resolves when everything appended to the document so far is committed and applied. */
  settled(document: string): Promise<void>;
  /** Resolves when the database has everything appended to the document so far. */
  stored(document: string): Promise<void>;
  /** Committed updates of a document that a read of the database may not see yet. */
  pending(document: string): PendingUpdate[];
  /** `full`: no room for more until the database takes some; editing must stop meanwhile. */
  state(): LogState;
  onState(handler: (state: LogState) => void): void;
  /** Resolves when the database has everything; keeps trying for as long as it takes. */
  drained(): Promise<void>;
  close(): void;
}

const batchRows = 500;
const batchBytes = 1024 * 1024;
const slowMs = 1_000;
const retryFromMs = 100;
const retryToMs = 2_000;

/**
 * The way of every edit, whoever made it: the journal first (pipelined: nobody waits for an append), then, when its batch
 * is on disk, `commit` applies it to the documents in memory and so to everybody's screens, and the database follows
 * behind. Order is kept throughout. `commit` gets a whole batch, so that a document is touched once per batch.
 */
export function createWritePath(deps: {
  db: Db;
  journal: Journal;
  clock: Clock;
  newId: NewId;
  log: Log;
  maxPendingBytes: number;
  commit: (batch: readonly PendingUpdate[]) => void;
}): WritePath {
  const { db, journal, clock, newId, log } = deps;
  type Entry = PendingUpdate & { stored: (() => void) | undefined };
  const byDocument = new Map<string, Set<Entry>>();
  const storeQueue: Entry[] = [];
  let justCommitted: Entry[] = [];
  let pendingBytes = 0;
  let storing = false;
  let storingSince = 0;
  let failures = 0;
  let closed = false;
  let retryTimer: NodeJS.Timeout | undefined;
  let state: LogState = 'ok';
  let stateHandler: (state: LogState) => void = () => {};
  let waiters: { check: () => boolean; resolve: () => void }[] = [];

  function wake(): void {
    const [ready, rest] = [waiters.filter(({ check }) => check()), waiters.filter(({ check }) => !check())];
    waiters = rest;
    for (const { resolve } of ready) resolve();
  }

  function until(check: () => boolean): Promise<void> {
    return check() ? Promise.resolve() : new Promise((resolve) => waiters.push({ check, resolve }));
  }

  function updateState(): void {
    const full = pendingBytes >= deps.maxPendingBytes || !journal.healthy();
    const slow = failures > 0 || (storing && clock.now() - storingSince > slowMs);
    const next = full ? 'full' : slow ? 'buffering' : 'ok';
    if (next === state) return;
    state = next;
    log.warn({ state, pendingBytes }, 'the document log changed state');
    stateHandler(next);
  }
  const stateTimer = setInterval(updateState, 250);
  stateTimer.unref();

  function track(entry: Entry): void {
    const entries = byDocument.get(entry.document) ?? new Set();
    byDocument.set(entry.document, entries.add(entry));
    pendingBytes += entry.update.length;
  }

  function committed(entry: Entry): void {
    // The journal reports a batch record by record within one turn; hand it on whole.
    if (justCommitted.push(entry) === 1) queueMicrotask(commitBatch);
  }

  function commitBatch(): void {
    const batch = justCommitted;
    justCommitted = [];
    for (const entry of batch) entry.committed = true;
    deps.commit(batch);
    storeQueue.push(...batch);
    wake();
    void store();
  }

  function nextBatch(): Entry[] {
    let bytes = 0;
    let count = 0;
    while (count < storeQueue.length && count < batchRows && (count === 0 || bytes < batchBytes)) {
      bytes += storeQueue[count]!.update.length;
      count += 1;
    }
    return storeQueue.slice(0, count);
  }

  async function store(): Promise<void> {
    if (storing || closed || retryTimer !== undefined || storeQueue.length === 0) return;
    storing = true;
    storingSince = clock.now();
    const batch = nextBatch();
    try {
      await db.transaction().execute((transaction) => insertUpdates(transaction, batch));
      failures = 0;
      finish(batch);
    } catch (error) {
      if (failures === 0) log.error({ error }, 'the database does not take document updates; they wait in the journal');
      failures += 1;
      const delay = Math.min(retryFromMs * 2 ** failures, retryToMs);
      retryTimer = setTimeout(() => {
        retryTimer = undefined;
        void store();
      }, delay);
    }
    storing = false;
    updateState();
    void store();
  }

  function finish(batch: readonly Entry[]): void {
    storeQueue.splice(0, batch.length);
    for (const entry of batch) {
      pendingBytes -= entry.update.length;
      const entries = byDocument.get(entry.document)!;
      entries.delete(entry);
      if (entries.size === 0) byDocument.delete(entry.document);
      entry.stored?.();
    }
    journal.release(batch);
    wake();
  }

  for (const record of journal.recovered) {
    // The record itself, not a copy: the journal knows it by identity when it is released.
    const entry: Entry = Object.assign(record, { committed: true, byServer: false, stored: undefined });
    track(entry);
    storeQueue.push(entry);
  }
  if (storeQueue.length > 0) log.info({ updates: storeQueue.length }, 'replaying the journal into the database');
  void store();

  return {
    append(update, stored) {
      const entry: Entry = { byServer: false, ...update, id: newId(), at: clock.now(), committed: false, stored };
      track(entry);
      journal.append(entry, () => committed(entry));
      if (pendingBytes >= deps.maxPendingBytes) updateState();
    },
    isStored: (document) => !byDocument.has(document),
    settled(document) {
      const appended = [...(byDocument.get(document) ?? [])];
      return until(() => appended.every((entry) => entry.committed));
    },
    stored(document) {
      const appended = [...(byDocument.get(document) ?? [])];
      return until(() => appended.every((entry) => byDocument.get(document)?.has(entry) !== true));
    },
    pending: (document) => [...(byDocument.get(document) ?? [])].filter((entry) => entry.committed),
    state: () => state,
    onState(handler) {
      stateHandler = handler;
    },
    drained: () => until(() => byDocument.size === 0),
    close() {
      closed = true;
      clearInterval(stateTimer);
      clearTimeout(retryTimer);
    },
  };
}
