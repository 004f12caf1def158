import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as Y from 'yjs';
import { parseDocumentName } from '#contract/document-name.ts';
import { systemClock } from '#platform/clock.ts';
import { createNewId } from '#platform/ids.ts';
import { createTokens, type Tokens } from '#platform/tokens.ts';
import { applyStored, readDocument } from '../../collab/log/document-log.ts';
import { insertClass, type RowClass } from './class-rows.ts';
import { destroyClients } from './clients.ts';
import { testLog, type DatabaseEngine, type TestDatabase } from './databases.ts';
import { startServer, type ServerProcess } from './server-process.ts';

/** The documents' server as a process of its own on a database of its own, and a way to that database from outside. */
export type Site = {
  server: ServerProcess;
  database: TestDatabase;
  /** The server's folder, with its journal in it. */
  dataDir: string;
  /** Signs what the server takes. */
  tokens: Tokens;
  insertClass(options: Parameters<typeof insertClass>[1]): Promise<RowClass>;
  /** Kills the server and closes every tab in one turn. */
  killAll(): Promise<void>;
  /** What the database says the text of a document's main file is: rows and snapshot, no server between. */
  storedText(name: string): Promise<string>;
  close(): Promise<void>;
};

const jwtSecret = 'a secret that is only for this test';
const publicUrl = 'http://localhost:3000';

/**
 * `entry` is the process to start, by default the collab role alone. `databaseUrl` is where that process finds the
 * database, when it is not to go there directly; `journal` may prepare its journal folder before it starts.
 */
export async function openSite(options: {
  engine: Pick<DatabaseEngine, 'open'>;
  entry?: string;
  args?: string[];
  env?: Record<string, string>;
  databaseUrl?: (direct: URL) => string;
  prepare?: (dataDir: string) => Promise<void>;
}): Promise<Site> {
  const database = await options.engine.open();
  const { place } = database;
  const dataDir = 'file' in place ? path.dirname(place.file) : await mkdtemp(path.join(tmpdir(), 'lectern-site-'));
  await options.prepare?.(dataDir);
  const env: Record<string, string> = {
    DATA_DIR: dataDir,
    JWT_SECRET: jwtSecret,
    PUBLIC_URL: publicUrl,
    LOG_LEVEL: 'info',
    ...options.env,
  };
  if ('url' in place) env.DATABASE_URL = options.databaseUrl?.(new URL(place.url)) ?? place.url;
  const server = await startServer({
    entry: options.entry ?? 'test/faults/collab-host.ts',
    args: options.args,
    env,
  });

  const { db } = database.database;
  const newId = createNewId(systemClock.now);
  const tokens = createTokens({ secret: jwtSecret, issuer: publicUrl, clock: systemClock });
  const site: Site = {
    server,
    tokens,
    database,
    dataDir,
    insertClass: (about) => insertClass({ db, tokens, newId }, about),
    async killAll() {
      // The tabs while they are connected: a Hocuspocus client that is destroyed between two attempts tries for ever.
      const killed = server.kill();
      destroyClients();
      await killed;
    },
    async storedText(name) {
      const deps = { db, clock: systemClock, newId, log: testLog };
      const stored = await readDocument(deps, parseDocumentName(name)!);
      const doc = new Y.Doc();
      applyStored(doc, stored, 'test');
      return doc.getText('f:main').toJSON();
    },
    async close() {
      await site.killAll();
      await database.drop();
      if (!('file' in place)) await rm(dataDir, { recursive: true, force: true });
    },
  };
  return site;
}
