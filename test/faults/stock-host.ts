import { DatabaseSync } from 'node:sqlite';
import { Server, type Extension } from '@hocuspocus/server';
import * as Y from 'yjs';

/**
 * Stock Hocuspocus for comparison, with a database extension that does what the official one does: fetch at load, store
 * the whole document when Hocuspocus says so. Its defaults are untouched.
 */
const database = new DatabaseSync(process.env.DATABASE_FILE!);
database.exec('pragma journal_mode = wal; pragma synchronous = full');
database.exec('create table if not exists documents (name text primary key, data blob not null)');

const sqlite: Extension = {
  async onLoadDocument({ document, documentName }) {
    const row = database.prepare('select data from documents where name = ?').get(documentName);
    if (row !== undefined) Y.applyUpdate(document, row.data as Uint8Array);
  },
  async onStoreDocument({ document, documentName }) {
    const insert =
      'insert into documents (name, data) values (?, ?) on conflict (name) do update set data = excluded.data';
    database.prepare(insert).run(documentName, Y.encodeStateAsUpdate(document));
  },
};

const server = new Server({ quiet: true, port: Number(process.env.PORT), address: '127.0.0.1', extensions: [sqlite] });
await server.listen();
