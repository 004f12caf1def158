import type { IncomingMessage } from 'node:http';
import path from 'node:path';
import type { Duplex } from 'node:stream';
import type { Document } from '@hocuspocus/server';
import type { Kysely } from 'kysely';
import type { Bus } from '#platform/bus/bus.ts';
import type { Clock } from '#platform/clock.ts';
import type { Config } from '#platform/config.ts';
import type { Schema } from '#platform/db/schema.ts';
import type { NewId } from '#platform/ids.ts';
import { withDeadline } from '#platform/lifecycle.ts';
import type { Log } from '#platform/log.ts';
import type { Tokens } from '#platform/tokens.ts';
import { admit, judge } from './admission.ts';
import { connectBus } from './bus.ts';
import { updateServerState } from './extensions/server-state.ts';
import type { AwarenessOwner } from './gateway/awareness.ts';
import { createGateway } from './gateway/gateway.ts';
import { createHocuspocus } from './hocuspocus.ts';
import { openJournal } from './journal/journal.ts';
import { createLiveDocuments } from './live-documents.ts';
import { createWritePath, type LogState } from './log/write-path.ts';
import { createPresence } from './presence.ts';
import { createServerEdits } from './server-edits.ts';

export interface Collab {
  /** Takes an HTTP upgrade; false when its path is not a document endpoint. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean;
  /** Whether edits reach the database at once, wait in the journal, or cannot be taken. */
  logState(): LogState;
  /** Closes every socket with 1012, then waits until the database has every edit (or the journal keeps it). */
  close(): Promise<void>;
}

/** What may wait for the database before documents become read-only. */
const maxPendingBytes = 64 * 1024 * 1024;
/** On close the database gets this long; what it does not take stays in the journal for the next start. */
const drainDatabaseMs = 5_000;

/** Starts the collaboration role: the gateway of both document endpoints over one Hocuspocus, and the log beneath it. */
export async function startCollab(deps: {
  config: Config;
  log: Log;
  clock: Clock;
  newId: NewId;
  db: Kysely<Schema>;
  bus: Bus;
  tokens: Tokens;
}): Promise<Collab> {
  const { config, log, clock, newId, db, bus, tokens } = deps;
  const live = createLiveDocuments(log);
  const journal = await openJournal({ directory: path.join(config.dataDir, 'journal'), log });
  const writePath = createWritePath({ db, journal, clock, newId, log, maxPendingBytes, commit: live.apply });
  const presence = createPresence({ bus, nodeId: newId() });
  const edits = createServerEdits({ hocuspocus: () => hocuspocus, live, writePath });
  const hocuspocus = createHocuspocus({ db, clock, newId, log, live, writePath, edits, presence });

  let accessChanges = 0;
  const owners = new WeakMap<Document, Map<number, AwarenessOwner>>();
  const gateway = createGateway({
    hocuspocus,
    live,
    writePath,
    log,
    allowedOrigins: config.http.allowedOrigins,
    admit: (token, document) => admit({ db, tokens, clock }, token, document),
    accessChanges: () => accessChanges,
    rejudge: ({ name, sessionId, user }) =>
      judge({ db, tokens, clock }, { sub: user.id, sid: sessionId, cls: name.classroomId }, name),
    awarenessOwners(document) {
      const ids = owners.get(document) ?? new Map<number, AwarenessOwner>();
      owners.set(document, ids);
      return ids;
    },
  });
  writePath.onState((state) => {
    for (const { document } of live.all()) updateServerState(document, { log: state });
    if (state !== 'full') for (const channel of [...gateway.channels()]) channel.logHasRoom();
  });
  const accessChanged = () => {
    accessChanges += 1;
  };
  const disconnectBus = await connectBus({ bus, gateway, live, edits, accessChanged });

  return {
    upgrade: gateway.upgrade,
    logState: writePath.state,
    async close() {
      await gateway.drain();
      await disconnectBus();
      presence.close();
      try {
        await withDeadline(writePath.drained(), drainDatabaseMs, 'writing the journal into the database');
      } catch (error) {
        log.warn({ error }, 'the database did not take every update; the journal keeps the rest for the next start');
      }
      writePath.close();
      await journal.close();
      for (const { document } of [...live.all()]) document.destroy();
    },
  };
}
