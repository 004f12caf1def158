import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Mode, Role } from '#contract/roles.ts';
import { createMemoryBus } from '#platform/bus/memory-bus.ts';
import { systemClock } from '#platform/clock.ts';
import { loadConfig } from '#platform/config.ts';
import { createNewId } from '#platform/ids.ts';
import { createLog } from '#platform/log.ts';
import { createMetrics, type Metrics } from '#platform/metrics.ts';
import { createTokens } from '#platform/tokens.ts';
import { startCollab, type Collab } from '../../collab/index.ts';
import { destroyClients } from './clients.ts';
import { databaseEngines, type DatabaseEngine } from './databases.ts';

export type TestCollab = Awaited<ReturnType<typeof startTestCollab>>;

/**
 * The collab role alone on a real socket, with a real database and bus, and the rows that accounts and classrooms would
 * have written. `restart()` ends the role and starts it again on the same data.
 */
export async function startTestCollab(
  options: { engine?: DatabaseEngine; logLevel?: string; documentLimits?: string } = {},
) {
  const log = createLog({ level: options.logLevel ?? 'silent' });
  const engine = options.engine ?? databaseEngines[0]!;
  const opened = await engine.open();
  const { db } = opened.database;
  const dataDir = await mkdtemp(path.join(tmpdir(), 'lectern-collab-'));
  const clock = systemClock;
  const newId = createNewId(clock.now);
  const bus = createMemoryBus({ log });
  const config = loadConfig({ DATA_DIR: dataDir, PORT: '0', DOCUMENT_LIMITS: options.documentLimits ?? '' }, []);
  const tokens = createTokens({ secret: 'a secret that is only for this test', issuer: 'test', clock });
  let metrics: Metrics;
  const start = () => {
    metrics = createMetrics();
    return startCollab({
      config,
      log,
      clock,
      newId,
      db,
      bus,
      tokens,
      metrics,
    });
  };
  let collab: Collab = await start();

  const server = createServer((_request, response) => response.writeHead(404).end());
  server.on('upgrade', (request, socket, head) => {
    if (!collab.upgrade(request, socket, head)) socket.destroy();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  return {
    db,
    bus,
    newId,
    tokens,
    dataDir,
    /** The embedded database's file; undefined on a server. */
    databaseFile: 'file' in opened.place ? opened.place.file : undefined,
    get collab() {
      return collab;
    },
    wsUrl: `ws://127.0.0.1:${port}`,
    /** The value of a series at the next scrape; a label in the name as Prometheus writes it. */
    async metric(name: string): Promise<number> {
      const line = (await metrics.text()).split('\n').find((text) => text.startsWith(`${name} `));
      return Number(line?.split(' ')[1] ?? Number.NaN);
    },
    /** An account with a login session. */
    async user(name: string) {
      const id = newId();
      const sessionId = newId();
      const now = clock.now();
      const values = { id, email: `${id}@example.org`, name, password_hash: null, locale: 'en', email_verified: 1 };
      await db
        .insertInto('users')
        .values({ ...values, is_admin: 0, avatar_url: null, created_at: now })
        .execute();
      const session = { id: sessionId, user_id: id, user_agent: 'test', created_at: now, last_seen_at: now };
      await db
        .insertInto('sessions')
        .values({ ...session, expires_at: now + 3_600_000, revoked_at: null })
        .execute();
      return { id, name, sessionId };
    },
    async classroom(ownerId: string, mode: Mode = 'lecture', language = 'python') {
      const id = newId();
      const times = { starts_at: null, ends_at: null, ended_at: null, deleted_at: null, created_at: clock.now() };
      await db
        .insertInto('classrooms')
        .values({
          id,
          title: 'Class',
          description: '',
          language,
          mode,
          code: id.slice(-8),
          owner_id: ownerId,
          capacity: null,
          run_seq: 0,
          ...times,
        })
        .execute();
      await this.member(id, ownerId, 'owner');
      return { id, main: `c:${id}:main`, workspace: (userId: string) => `c:${id}:s:${userId}` };
    },
    async member(classroomId: string, userId: string, role: Role) {
      const row = { classroom_id: classroomId, user_id: userId, role, joined_at: clock.now() };
      await db
        .insertInto('members')
        .values({ ...row, last_seen_at: null, banned_at: null })
        .execute();
    },
    token(user: { id: string; sessionId: string }, classroomId: string) {
      return tokens.sign('collab', { sub: user.id, sid: user.sessionId, cls: classroomId }).token;
    },
    async restart() {
      await collab.close();
      collab = await start();
    },
    async close() {
      // A stock client that loses its server goes on trying, and holds the process.
      destroyClients();
      await collab.close();
      server.close();
      await bus.close();
      await opened.drop();
      await rm(dataDir, { recursive: true });
    },
  };
}
