import { mkdir, readdir, readFile, unlink } from 'node:fs/promises';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Log } from '#platform/log.ts';
import { decodeRecords, encodeRecords, type JournalRecord } from './record.ts';

export type JournalRequest = { type: 'append'; frames: Uint8Array } | { type: 'remove'; files: string[] };
export type JournalReply =
  | { type: 'appended'; file: string }
  | { type: 'removed' }
  | { type: 'failed'; reason: string };

export interface Journal {
  /** Records of an earlier process that may not be in the database yet, in order; hand each to `release` when it is. */
  readonly recovered: readonly JournalRecord[];
  /** Takes a record; `committed` runs, in order of appending, when it is synced to disk. Never waits, never throws. */
  append(record: JournalRecord, committed: () => void): void;
  /** These records are in the database: their segments can go once nothing in them is left. */
  release(records: readonly JournalRecord[]): void;
  /**
   * False while the disk refuses writes; appended records wait and are retried every half second. False for good when
   * the thread has ended: then nothing is committed any more.
   */
  healthy(): boolean;
  /** Commits what was appended, removes what was released, ends the thread. */
  close(): Promise<void>;
}

const retryMs = 500;

/**
 * The write-ahead journal of a collab node, in `directory`. Group commit without a timer: while one batch is being
 * synced the next one collects, so an idle journal commits at once and a busy one commits in large batches.
 */
export async function openJournal(options: { directory: string; log: Log; segmentBytes?: number }): Promise<Journal> {
  const { directory, log, segmentBytes = 2 * 1024 * 1024 } = options;
  await mkdir(directory, { recursive: true, mode: 0o700 });

  const segmentOf = new WeakMap<JournalRecord, string>();
  /** How many records of a segment are not in the database. */
  const open = new Map<string, number>();
  /** The segment being written; it stays until it is full, so that a quiet journal does not make a file per keystroke. */
  let current: string | undefined;
  const recovered = await recover(directory, log, (record, file) => {
    segmentOf.set(record, file);
    open.set(file, (open.get(file) ?? 0) + 1);
  });

  const thread = new Worker(new URL('./journal-thread.ts', import.meta.url), {
    workerData: { directory, segmentBytes },
  });
  let waiting: { record: JournalRecord; committed: () => void }[] = [];
  let inFlight: typeof waiting | undefined;
  let removable: string[] = [];
  let removing = false;
  let failing = false;
  let dead: Error | undefined;
  let closed = false;
  let idle: (() => void)[] = [];

  function send(request: JournalRequest, transfer: ArrayBuffer[] = []): void {
    thread.postMessage(request, transfer);
  }

  function pump(): void {
    if (inFlight !== undefined || removing || dead !== undefined) return;
    // While the disk is full, what can be removed is what makes room.
    if (waiting.length > 0 && !(failing && removable.length > 0)) {
      inFlight = waiting;
      waiting = [];
      const frames = encodeRecords(inFlight.map(({ record }) => record));
      send({ type: 'append', frames }, [frames.buffer]);
    } else if (removable.length > 0) {
      removing = true;
      send({ type: 'remove', files: removable });
      removable = [];
    } else {
      for (const resolve of idle) resolve();
      idle = [];
    }
  }

  function discardIfDone(file: string): void {
    if (file === current || open.get(file) !== 0) return;
    open.delete(file);
    removable.push(file);
  }

  function appended(file: string): void {
    const batch = inFlight!;
    inFlight = undefined;
    failing = false;
    open.set(file, (open.get(file) ?? 0) + batch.length);
    for (const { record } of batch) segmentOf.set(record, file);
    const previous = current;
    current = file;
    if (previous !== undefined && previous !== file) discardIfDone(previous);
    // The next batch starts on disk before this one is handed out.
    pump();
    for (const { committed } of batch) committed();
  }

  thread.on('message', (reply: JournalReply) => {
    if (reply.type === 'appended') return appended(reply.file);
    if (reply.type === 'removed') {
      removing = false;
      return pump();
    }
    if (!failing)
      log.error({ reason: reply.reason }, 'the journal cannot be written; editing is not safe until it can');
    failing = true;
    removing = false;
    waiting = [...(inFlight ?? []), ...waiting];
    inFlight = undefined;
    setTimeout(pump, retryMs);
  });
  thread.on('error', died);
  thread.on('exit', () => died(new Error('it was stopped')));

  function died(error: Error): void {
    if (closed || dead !== undefined) return;
    dead = error;
    log.fatal({ error }, 'the journal thread ended; this node can take no more edits');
    for (const resolve of idle) resolve();
  }

  return {
    recovered,
    append(record, committed) {
      waiting.push({ record, committed });
      // One turn's frames make one batch.
      if (waiting.length === 1) queueMicrotask(pump);
    },
    release(records) {
      for (const record of records) {
        const file = segmentOf.get(record);
        if (file === undefined) continue;
        open.set(file, open.get(file)! - 1);
        discardIfDone(file);
      }
      if (removable.length > 0) pump();
    },
    healthy: () => !failing && dead === undefined,
    async close() {
      const last = current;
      current = undefined;
      if (last !== undefined) discardIfDone(last);
      if (dead === undefined && (inFlight !== undefined || removing || waiting.length > 0 || removable.length > 0)) {
        await new Promise<void>((resolve) => {
          idle.push(resolve);
          pump();
        });
      }
      closed = true;
      await thread.terminate();
    },
  };
}

async function recover(
  directory: string,
  log: Log,
  found: (record: JournalRecord, file: string) => void,
): Promise<JournalRecord[]> {
  const files = (await readdir(directory)).filter((file) => file.endsWith('.journal')).toSorted();
  const all: JournalRecord[] = [];
  for (const file of files) {
    const bytes = await readFile(path.join(directory, file));
    const { records, goodBytes } = decodeRecords(bytes);
    // A torn tail was never answered for; anything behind it could not have been either.
    if (goodBytes < bytes.length)
      log.warn({ file, bytes: bytes.length, goodBytes }, 'a journal segment ends in a torn record');
    if (records.length === 0) await unlink(path.join(directory, file));
    for (const record of records) found(record, file);
    all.push(...records);
  }
  return all;
}
