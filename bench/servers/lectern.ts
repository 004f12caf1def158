import '../end-with-parent.ts';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createMemoryBus } from '#platform/bus/memory-bus.ts';
import { systemClock } from '#platform/clock.ts';
import { loadConfig } from '#platform/config.ts';
import { databaseFile, openDatabase } from '#platform/db/database.ts';
import { createNewId } from '#platform/ids.ts';
import { createLog } from '#platform/log.ts';
import { createMetrics } from '#platform/metrics.ts';
import { createTokens } from '#platform/tokens.ts';
import { startCollab } from '../../collab/index.ts';
import { migrate } from '../../migrations/index.ts';
import { insertClass } from '../../test/support/class-rows.ts';
import type { Rooms, RoomsWanted } from '../messages.ts';
import { serve } from './serve.ts';

/**
 * The collab role as the program starts it, with its journal and the embedded SQLite on disk. Every client is a member
 * with an account and a login session of its own. BENCH_HOCUSPOCUS_ENDPOINT=1: by the other endpoint.
 * BENCH_DOCUMENT_LIMITS: as DOCUMENT_LIMITS of the program.
 */
const log = createLog({ level: process.env.BENCH_LOG ?? 'error' });
const dataDir = await mkdtemp(path.join(process.env.BENCH_DATA ?? tmpdir(), 'lectern-bench-'));
const clock = systemClock;
const newId = createNewId(clock.now);
const bus = createMemoryBus({ log });
const tokens = createTokens({ secret: 'only for the benchmark, on loopback', issuer: 'bench', clock });
const database = await openDatabase({ file: databaseFile(dataDir), log });
await migrate(database, 'up', log);
const { db } = database;
const { BENCH_DOCUMENT_LIMITS: DOCUMENT_LIMITS } = process.env;
const config = loadConfig({ DATA_DIR: dataDir, PORT: '0', DOCUMENT_LIMITS }, []);
const collab = await startCollab({ config, log, clock, newId, db, bus, tokens, metrics: createMetrics() });

const server = createServer((_request, response) => response.writeHead(404).end());
server.on('upgrade', (request, socket, head) => {
  if (!collab.upgrade(request, socket, head)) socket.destroy();
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = server.address() as AddressInfo;
const byHocuspocus = process.env.BENCH_HOCUSPOCUS_ENDPOINT === '1';

async function rooms(wanted: RoomsWanted): Promise<Rooms> {
  const made: Rooms['rooms'] = [];
  for (let room = 0; room < wanted.rooms; room += 1) {
    const classroom = await insertClass(
      { db, newId, tokens },
      { students: wanted.clients - 1, staff: wanted.writers - 1 },
    );
    const { main: name } = classroom;
    const ofMembers = [classroom.owner, ...classroom.students].map(({ token }) => token);
    const urlOf = (token: string) =>
      byHocuspocus
        ? `ws://127.0.0.1:${port}/hocuspocus`
        : `ws://127.0.0.1:${port}/collab/${name}?token=${token}&acks=1`;
    made.push({ name, clients: ofMembers.map((token) => ({ token, url: urlOf(token) })) });
  }
  return { dialect: byHocuspocus ? 'hocuspocus' : 'y-websocket', rooms: made };
}

serve({
  rooms,
  async close() {
    await collab.close();
    await bus.close();
    await database.close();
    await rm(dataDir, { recursive: true, force: true });
  },
});
