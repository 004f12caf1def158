import type { IncomingMessage } from 'node:http';
import path from 'node:path';
import type { Duplex } from 'node:stream';
import type { Kysely } from 'kysely';
import type { Bus } from '#platform/bus/bus.ts';
import type { Clock } from '#platform/clock.ts';
import type { Config } from '#platform/config.ts';
import type { Schema } from '#platform/db/schema.ts';
import type { NewId } from '#platform/ids.ts';
import { withDeadline } from '#platform/lifecycle.ts';
import type { Log } from '#platform/log.ts';
import type { Metrics } from '#platform/metrics.ts';
import type { Tokens } from '#platform/tokens.ts';
import { admit, judgeAgain } from './admission.ts';
import { connectBus } from './bus.ts';
import { createBudgets } from './gateway/budgets.ts';
import { createGateway } from './gateway/gateway.ts';
import { identify } from './gateway/identify.ts';
import { createStrikes } from './gateway/strikes.ts';
import { createUpdateDoor } from './gateway/update-door.ts';
import { createUpdateWeigher } from './gateway/update-weigher.ts';
import { createHocuspocus } from './hocuspocus.ts';
import { openJournal } from './journal/journal.ts';
import { createLiveDocuments } from './live-documents.ts';
import { remakeDocument } from './log/remake.ts';
import { createWritePath, type LogState } from './log/write-path.ts';
import { createCollabMeter } from './metrics.ts';
import { createPresence } from './presence.ts';
import { createRejudge } from './rejudge.ts';
import { createRefusedText } from './rooms/refused-text.ts';
import { createRooms } from './rooms/rooms.ts';
import { readStoredState } from './rooms/server-state.ts';
import { createShares } from './rooms/shares.ts';
import { createServerEdits } from './server-edits.ts';

export interface Collab {
  /** Takes an HTTP upgrade; false when its path is not a document endpoint. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean;
  /** Whether edits reach the database at once, wait in the journal, or cannot be taken. */
  logState(): LogState;
  /** Closes every socket with 1012, then waits until the database has every edit (or the journal keeps it). */
  close(): Promise<void>;
}

/** On close the database gets this long; what it does not take stays in the journal for the next start. */
const drainDatabaseMs = 5_000;
/** How often liveness, renewals and idle documents are looked at. */
const tickMs = 1_000;

/** Starts the collaboration role: the gateway of both document endpoints over one Hocuspocus, and the log beneath it. */
export async function startCollab(deps: {
  config: Config;
  log: Log;
  clock: Clock;
  newId: NewId;
  db: Kysely<Schema>;
  bus: Bus;
  tokens: Tokens;
  metrics: Metrics;
}): Promise<Collab> {
  const { config, log, clock, newId, db, bus, tokens } = deps;
  const { now } = clock;
  const { documentLimits: limits } = config;
  const live = createLiveDocuments({
    log,
    maxBytes: limits.documentBytes,
    changed: (name, update, from) => rooms.find(name)?.changed(update, from),
  });
  const journal = await openJournal({ directory: path.join(config.dataDir, 'journal'), log });
  const writePath = createWritePath({
    db,
    journal,
    clock,
    newId,
    log,
    maxPendingBytes: limits.journalBytes,
    commit: live.apply,
  });
  const rooms = createRooms({
    async openDocument(name) {
      const connection = await hocuspocus.openDirectConnection(name);
      return { live: live.get(name)!, close: () => connection.disconnect() };
    },
    readState: (name) => readStoredState(db, name),
    logState: writePath.state,
    isStored: writePath.isStored,
    idleMs: limits.sleepAfterMs,
    pendingBytes: limits.pendingBytes,
    now,
    log,
  });
  const edits = createServerEdits({ rooms, writePath });
  const hocuspocus = createHocuspocus({ db, clock, newId, log, live, writePath, edits });

  const presence = createPresence({ bus, nodeId: newId() });
  const rejudge = createRejudge({
    gateway: () => gateway,
    judgeAgain: (admissions) => judgeAgain({ db, clock }, admissions),
    log,
  });
  const meter = createCollabMeter(deps.metrics, {
    sockets: () => [...gateway.channels()].length,
    rooms: () => [...rooms.all()].length,
    documents: () => [...live.all()].length,
    pendingBytes: writePath.pendingBytes,
    log: writePath.state,
  });
  const weigher = createUpdateWeigher({ log });
  const gateway = createGateway({
    rooms,
    weigher,
    updates: createUpdateDoor({
      live,
      writePath,
      shares: createShares({ now, studentAddsBytes: limits.studentAddsBytes }),
      refusedText: createRefusedText(),
    }),
    budgets: createBudgets({
      now,
      rates: { frames: limits.personFramesPerSecond, bytes: limits.personBytesPerSecond },
    }),
    strikes: createStrikes({ now }),
    presence,
    identify: (token) => identify(tokens, token),
    admit: (token, document) => admit({ db, tokens, clock }, token, document),
    accessChanges: rejudge.changes,
    limits,
    meter,
    allowedOrigins: config.http.allowedOrigins,
    now,
    log,
  });
  writePath.onState((state) => {
    for (const room of rooms.all()) room.tell({ log: state });
    if (state !== 'full') for (const channel of [...gateway.channels()]) channel.logHasRoom();
  });
  const disconnectBus = await connectBus({
    bus,
    rooms,
    edits,
    rejudge,
    remake: (name, files, userId) => remakeDocument({ db, clock, newId }, name, files, userId),
  });
  const ticking = setInterval(() => {
    gateway.tick();
    rooms.tick();
    rejudge.expire(now());
  }, tickMs);

  return {
    upgrade: gateway.upgrade,
    logState: writePath.state,
    async close() {
      await gateway.drain();
      clearInterval(ticking);
      await disconnectBus();
      await weigher.close();
      presence.close();
      try {
        await withDeadline(writePath.drained(), drainDatabaseMs, 'writing the journal into the database');
      } catch (error) {
        log.warn({ error }, 'the database did not take every update; the journal keeps the rest for the next start');
      }
      await writePath.close();
      await journal.close();
      await rooms.close();
    },
  };
}
