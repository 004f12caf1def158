import type { CloseReason } from '#contract/close-codes.ts';
import type { Metrics } from '#platform/metrics.ts';
import type { LogState } from './log/write-path.ts';

/** What the gateway counts. */
export interface CollabMeter {
  /** The server has closed a socket. */
  closed(reason: CloseReason): void;
  /** Something was not carried out or not delivered, and its socket stays. */
  dropped(reason: 'read-only' | 'log-full' | 'slow-reader'): void;
  /** From an update's arrival until the database had it, in ms. */
  stored(ms: number): void;
}

const logStates: readonly LogState[] = ['ok', 'buffering', 'full'];

/** The series of the collab role; `ask` is asked at every scrape. */
export function createCollabMeter(
  metrics: Metrics,
  ask: {
    sockets: () => number;
    rooms: () => number;
    documents: () => number;
    pendingBytes: () => number;
    log: () => LogState;
  },
): CollabMeter {
  metrics.gauge({ name: 'lectern_collab_sockets', help: 'Open document sockets', collect: ask.sockets });
  metrics.gauge({ name: 'lectern_collab_rooms', help: 'Documents that someone has open', collect: ask.rooms });
  metrics.gauge({ name: 'lectern_collab_documents', help: 'Documents in memory', collect: ask.documents });
  metrics.gauge({
    name: 'lectern_collab_log_pending_bytes',
    help: 'Updates that the database does not have yet',
    collect: ask.pendingBytes,
  });
  metrics.gauge({
    name: 'lectern_collab_log_state',
    help: 'The document log: 0 ok, 1 buffering, 2 full (documents are read-only)',
    collect: () => logStates.indexOf(ask.log()),
  });
  const closed = metrics.counter({
    name: 'lectern_collab_closed_total',
    help: 'Sockets closed by the server',
    labels: ['reason'],
  });
  const dropped = metrics.counter({
    name: 'lectern_collab_dropped_total',
    help: 'Updates refused and presence left out, the socket staying open',
    labels: ['reason'],
  });
  const stored = metrics.histogram({
    name: 'lectern_collab_stored_seconds',
    help: 'From the arrival of an update until the database has it',
    buckets: [0.05, 0.1, 0.2, 0.4, 0.6, 1, 2, 5, 15, 60],
  });
  return {
    closed: (reason) => closed.inc({ reason }),
    dropped: (reason) => dropped.inc({ reason }),
    stored: (ms) => stored.observe(ms / 1_000),
  };
}
