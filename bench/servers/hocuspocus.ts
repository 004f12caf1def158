import '../end-with-parent.ts';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { openRooms, serve } from './serve.ts';

/** Stock Hocuspocus as published; with BENCH_DATABASE=1 also its database extension, over SQLite on disk. */
type Stock = { configuration: { port: number }; listen(): Promise<{ server?: unknown }>; address: { port: number } };
type StoreRow = { documentName: string; state: Uint8Array };
type DatabaseOptions = {
  fetch: (row: { documentName: string }) => Promise<Uint8Array | null>;
  store: (row: StoreRow) => Promise<void>;
};

const peers = createRequire(new URL('../peers/package.json', import.meta.url));
// The packages of the peers folder, never the product's own.
const load = (name: string): Promise<unknown> => import(pathToFileURL(peers.resolve(name)).href);
const { Server } = (await load('@hocuspocus/server')) as { Server: new (options: object) => Stock };

const directory = mkdtempSync(path.join(tmpdir(), 'lectern-bench-'));

async function databaseExtension(): Promise<unknown> {
  const { Database } = (await load('@hocuspocus/extension-database')) as {
    Database: new (options: DatabaseOptions) => unknown;
  };
  const database = new DatabaseSync(path.join(directory, 'documents.db'));
  database.exec('pragma journal_mode = wal; create table documents (name text primary key, data blob not null)');
  const read = database.prepare('select data from documents where name = ?');
  const write = database.prepare(
    'insert into documents (name, data) values (?, ?) on conflict (name) do update set data = excluded.data',
  );
  return new Database({
    fetch: async ({ documentName }) => (read.get(documentName) as { data: Uint8Array } | undefined)?.data ?? null,
    store: async ({ documentName, state }) => void write.run(documentName, state),
  });
}

const server = new Server({
  port: 0,
  address: '127.0.0.1',
  quiet: true,
  stopOnSignals: false,
  extensions: process.env.BENCH_DATABASE === '1' ? [await databaseExtension()] : [],
});
await server.listen();

serve({
  rooms: openRooms('room', 'hocuspocus', () => `ws://127.0.0.1:${server.address.port}/`),
  close: () => rmSync(directory, { recursive: true, force: true }),
});
