import type { ServerAwareness } from '#contract/awareness.ts';
import type { Clock } from '#platform/clock.ts';
import type { Db } from '#platform/db/schema.ts';
import type { NewId } from '#platform/ids.ts';
import { withDeadline } from '#platform/lifecycle.ts';
import type { Log } from '#platform/log.ts';
import type { Journal } from '../journal/journal.ts';
import type { JournalRecord } from '../journal/record.ts';
import { createCompactor, type CompactionThresholds } from './compactor.ts';
import { storeBatch } from './store-batch.ts';

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
  /** What the database does not have yet, in bytes of updates. */
  pendingBytes(): number;
  /** `full`: no room for more until the database takes some; editing must stop meanwhile. */
  state(): LogState;
  onState(handler: (state: LogState) => void): void;
  /** Resolves when the database has everything; keeps trying for as long as it takes. */
  drained(): Promise<void>;
  /** Loading found so much of a document in the database that no snapshot holds. */
  loaded(document: string, rows: number, bytes: number): void;
  /** Ends storing and compacting; resolves when the database is left alone. */
  close(): Promise<void>;
}

const batchRows = 500;
const batchBytes = 1024 * 1024;
/** So long commits collect for one transaction, unless somebody waits for it. */
const defaultCollectMs = 200;
const slowMs = 1_000;
const retryFromMs = 100;
const retryToMs = 2_000;
const closeMs = 3_000;

/**
 * The way of every edit, whoever made it: the journal first (pipelined: nobody waits for an append), then, when its batch
 * is on disk, `commit` applies it to the documents in memory and so to everybody's screens, and the database follows
 * behind. Order is kept throughout. `commit` gets a whole batch, so that a document is touched once per batch. Documents
 * whose log has grown long are compacted in the background.
 */
export function createWritePath(deps: {
  db: Db;
  journal: Journal;
  clock: Clock;
  newId: NewId;
  log: Log;
  maxPendingBytes: number;
  commit: (batch: readonly PendingUpdate[]) => void;
  compaction?: Partial<CompactionThresholds>;
  collectMs?: number;
}): WritePath {
  const { db, journal, clock, newId, log, collectMs = defaultCollectMs } = deps;
  type Entry = PendingUpdate & { stored: (() => void) | undefined; committedAt: number };
  const byDocument = new Map<string, Set<Entry>>();
  const storeQueue: Entry[] = [];
  let justCommitted: Entry[] = [];
  let pendingBytes = 0;
  let queuedBytes = 0;
  /** How many wait for the database. */
  let hurrying = 0;
  let storing: Promise<void> | undefined;
  let storingSince = 0;
  let failures = 0;
  let closed = false;
  let retryTimer: NodeJS.Timeout | undefined;
  let collectTimer: NodeJS.Timeout | undefined;
  let state: LogState = 'ok';
  let stateHandler: (state: LogState) => void = () => {};
  let waiters: { check: () => boolean; resolve: () => void }[] = [];
  const compactor = createCompactor({ ...deps, allowed: () => state === 'ok', thresholds: deps.compaction });

  function wake(): void {
    const [ready, rest] = [waiters.filter(({ check }) => check()), waiters.filter(({ check }) => !check())];
    waiters = rest;
    for (const { resolve } of ready) resolve();
  }

  function until(check: () => boolean): Promise<void> {
    return check() ? Promise.resolve() : new Promise((resolve) => waiters.push({ check, resolve }));
  }

  /** The same, for something that storing brings about: it does not wait for more to collect. */
  async function untilStored(check: () => boolean): Promise<void> {
    hurrying += 1;
    const done = until(check);
    schedule();
    await done;
    hurrying -= 1;
  }

  function updateState(): void {
    const full = pendingBytes >= deps.maxPendingBytes || !journal.healthy();
    const slow = failures > 0 || (storing !== undefined && clock.now() - storingSince > slowMs);
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
    const committedAt = performance.now();
    for (const entry of batch) Object.assign(entry, { committed: true, committedAt });
    deps.commit(batch);
    enqueue(batch);
    wake();
    schedule();
  }

  function enqueue(entries: readonly Entry[]): void {
    for (const entry of entries) {
      storeQueue.push(entry);
      queuedBytes += entry.update.length;
    }
  }

  /** Stores now, or when the oldest that waits has waited long enough. */
  function schedule(): void {
    const [oldest] = storeQueue;
    if (oldest === undefined || storing !== undefined || closed || retryTimer !== undefined) return;
    const now = hurrying > 0 || storeQueue.length >= batchRows || queuedBytes >= batchBytes;
    const delay = now ? 0 : oldest.committedAt + collectMs - performance.now();
    if (delay <= 0) storing = store();
    else collectTimer ??= setTimeout(collected, delay);
  }

  function collected(): void {
    collectTimer = undefined;
    schedule();
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
    clearTimeout(collectTimer);
    collectTimer = undefined;
    storingSince = clock.now();
    const batch = nextBatch();
    try {
      const { stored, quarantined, refused } = await storeBatch({ db, clock, newId, log }, batch);
      failures = 0;
      finish(batch, new Set(stored));
      // The journal keeps what the database has nowhere: the next start tries again.
      journal.release([...stored, ...quarantined]);
      if (refused.length > 0) log.error({ updates: refused.length }, 'updates stay in the journal only');
      wake();
    } catch (error) {
      if (failures === 0) log.error({ error }, 'the database does not take document updates; they wait in the journal');
      failures += 1;
      const delay = Math.min(retryFromMs * 2 ** failures, retryToMs);
      if (!closed) retryTimer = setTimeout(retry, delay);
    }
    storing = undefined;
    updateState();
    schedule();
  }

  function retry(): void {
    retryTimer = undefined;
    schedule();
  }

  /** Only what its document will have again after a restart is reported as stored. */
  function finish(batch: readonly Entry[], stored: ReadonlySet<Entry>): void {
    storeQueue.splice(0, batch.length);
    const sums = new Map<string, { rows: number; bytes: number }>();
    for (const entry of batch) {
      const { document, update } = entry;
      pendingBytes -= update.length;
      queuedBytes -= update.length;
      const entries = byDocument.get(document)!;
      entries.delete(entry);
      if (entries.size === 0) byDocument.delete(document);
      if (!stored.has(entry)) continue;
      entry.stored?.();
      const sum = sums.get(document) ?? { rows: 0, bytes: 0 };
      sums.set(document, { rows: sum.rows + 1, bytes: sum.bytes + update.length });
    }
    for (const [document, { rows, bytes }] of sums) compactor.stored(document, rows, bytes);
  }

  for (const record of journal.recovered) {
    // The record itself, not a copy: the journal knows it by identity when it is released.
    const entry: Entry = Object.assign(record, { committed: true, committedAt: 0, byServer: false, stored: undefined });
    track(entry);
    enqueue([entry]);
  }
  if (storeQueue.length > 0) log.info({ updates: storeQueue.length }, 'replaying the journal into the database');
  schedule();

  return {
    append(update, stored) {
      const entry: Entry = {
        byServer: false,
        ...update,
        id: newId(),
        at: clock.now(),
        committed: false,
        committedAt: 0,
        stored,
      };
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
      return untilStored(() => appended.every((entry) => byDocument.get(document)?.has(entry) !== true));
    },
    pending: (document) => [...(byDocument.get(document) ?? [])].filter((entry) => entry.committed),
    pendingBytes: () => pendingBytes,
    state: () => state,
    onState(handler) {
      stateHandler = handler;
    },
    drained: () => untilStored(() => byDocument.size === 0),
    loaded: compactor.loaded,
    async close() {
      closed = true;
      clearInterval(stateTimer);
      clearTimeout(retryTimer);
      clearTimeout(collectTimer);
      try {
        await withDeadline(Promise.all([storing, compactor.close()]), closeMs, 'ending what the database was asked');
      } catch (error) {
        log.warn({ error }, 'the document log is closed while the database still works on something of it');
      }
    },
  };
}
