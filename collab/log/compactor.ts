import { compact, type CompactDeps, type Compaction } from './compact.ts';
import type { Log } from '#platform/log.ts';
import { createSnapshotBuilder } from './snapshot-builder.ts';

export type CompactionThresholds = {
  /** A document with so many rows, or so many bytes of them, is compacted. */
  rows: number;
  bytes: number;
  /** One with this many rows is, when nothing came for so long. */
  quietRows: number;
  quietMs: number;
};

export const compactionThresholds: CompactionThresholds = {
  rows: 500,
  bytes: 1024 * 1024,
  quietRows: 50,
  quietMs: 30_000,
};

/** Keeps the logs of documents short, in the background and one after the other. */
export interface Compactor {
  /** So much more of a document is in the database now. */
  stored(document: string, rows: number, bytes: number): void;
  /** So much was found in the database that no snapshot holds. */
  loaded(document: string, rows: number, bytes: number): void;
  /** Stops: waits for the transaction that is under way, if any, and ends the thread. */
  close(): Promise<void>;
}

/** Small documents nothing comes for are forgotten after this; loading one counts it again. */
const forgetMs = 10 * 60_000;
const retryFromMs = 2_000;
const retryToMs = 5 * 60_000;

type Backlog = { rows: number; bytes: number; at: number; failures: number; notBefore: number };

/** `allowed` is asked before each compaction: while the database has trouble it gets no work that can wait. */
export function createCompactor(
  deps: Omit<CompactDeps, 'builder' | 'cancelled' | 'log'> & {
    log: Log;
    allowed: () => boolean;
    thresholds?: Partial<CompactionThresholds> | undefined;
  },
): Compactor {
  const { clock, log } = deps;
  const thresholds = { ...compactionThresholds, ...deps.thresholds };
  const builder = createSnapshotBuilder();
  const backlogs = new Map<string, Backlog>();
  let running: Promise<void> | undefined;
  let closed = false;
  const timer = setInterval(look, Math.min(1_000, thresholds.quietMs));
  timer.unref();

  function isDue({ rows, bytes, at, notBefore }: Backlog, now: number): boolean {
    if (now < notBefore) return false;
    if (rows >= thresholds.rows || bytes >= thresholds.bytes) return true;
    return rows >= thresholds.quietRows && now - at >= thresholds.quietMs;
  }

  function look(): void {
    if (running !== undefined || closed || !deps.allowed()) return;
    const now = clock.now();
    for (const [document, backlog] of backlogs) {
      if (isDue(backlog, now)) {
        running = run(document, backlog).finally(() => {
          running = undefined;
          look();
        });
        return;
      }
      if (backlog.rows < thresholds.quietRows && now - backlog.at > forgetMs) backlogs.delete(document);
    }
  }

  async function run(document: string, backlog: Backlog): Promise<void> {
    const from = performance.now();
    try {
      const compaction = await compact({ ...deps, builder, cancelled: () => closed }, document);
      backlog.failures = 0;
      settle(document, backlog, compaction);
      const ms = Math.round(performance.now() - from);
      if (compaction.outcome !== 'nothing') log.debug({ document, ...compaction, ms }, 'compaction');
    } catch (error) {
      if (closed) return;
      const delay = Math.min(retryFromMs * 2 ** backlog.failures, retryToMs);
      backlog.failures += 1;
      backlog.notBefore = clock.now() + delay;
      log.error({ error, document, retryInMs: delay }, 'a document could not be compacted');
    }
  }

  function settle(document: string, backlog: Backlog, compaction: Compaction): void {
    // To the end: others are looked at before its next turn.
    backlogs.delete(document);
    if (compaction.outcome === 'nothing') return;
    if (compaction.outcome === 'compacted' && !compaction.more) {
      backlog.rows = Math.max(0, backlog.rows - compaction.rows);
      backlog.bytes = Math.max(0, backlog.bytes - compaction.bytes);
    }
    // Of what another node has taken over, or what had to be repaired, the next turn finds out how much is left.
    if (backlog.rows > 0) backlogs.set(document, backlog);
  }

  return {
    stored(document, rows, bytes) {
      const backlog = backlogs.get(document) ?? { rows: 0, bytes: 0, at: 0, failures: 0, notBefore: 0 };
      backlogs.set(document, backlog);
      backlog.rows += rows;
      backlog.bytes += bytes;
      backlog.at = clock.now();
      if (isDue(backlog, backlog.at)) look();
    },
    loaded(document, rows, bytes) {
      const { failures = 0, notBefore = 0 } = backlogs.get(document) ?? {};
      backlogs.delete(document);
      if (rows > 0) backlogs.set(document, { rows, bytes, at: clock.now(), failures, notBefore });
      look();
    },
    async close() {
      closed = true;
      clearInterval(timer);
      await builder.close();
      await running;
    },
  };
}
