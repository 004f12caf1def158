import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { AwarenessRun } from '#contract/awareness.ts';
import type { RunStatus } from '#contract/run.ts';
import { createMemoryBus } from '#platform/bus/memory-bus.ts';
import type { Bus } from '#platform/bus/index.ts';
import { systemClock } from '#platform/clock.ts';
import type { Db, RunsTable } from '#platform/db/schema.ts';
import { createNewId } from '#platform/ids.ts';
import { openRunQueue, type RunQueue } from '#platform/queue/index.ts';
import { insertUser } from '../../server/auth/store.ts';
import { insertClassroom } from '../../server/classrooms/store.ts';
import { databaseEngines, testLog, type TestDatabase } from './databases.ts';
import { waitFor } from './wait-for.ts';

const newId = createNewId(systemClock.now);
const redisUrl = process.env.TEST_REDIS_URL;

export type QueueEngine = { name: 'embedded' | 'redis'; skip: string | false; open(): Promise<RunQueue> };

export const queueEngines: readonly QueueEngine[] = [
  {
    name: 'embedded',
    skip: false,
    async open() {
      const dataDir = await mkdtemp(path.join(tmpdir(), 'lectern-queue-'));
      const queue = await openRunQueue({ redisUrl: undefined, prefix: '', dataDir, log: testLog });
      return {
        ...queue,
        async close() {
          await queue.close();
          await rm(dataDir, { recursive: true, force: true });
        },
      };
    },
  },
  {
    name: 'redis',
    skip: redisUrl ? false : 'set TEST_REDIS_URL to run this on Redis',
    open: () => openRunQueue({ redisUrl, prefix: testPrefix(), dataDir: '', log: testLog }),
  },
];

export function testPrefix(): string {
  return `{lectern-test-${randomBytes(4).toString('hex')}}`;
}

/** The two places where runs live: everything embedded, and the stores of production. */
export const runPlaces = [
  { name: 'sqlite and the embedded queue', database: databaseEngines[0]!, queue: queueEngines[0]! },
  { name: 'mysql and redis', database: databaseEngines[1]!, queue: queueEngines[1]! },
].map((place) => ({ ...place, skip: place.database.skip || place.queue.skip }));

export type Person = { classroomId: string; userId: string };

export type RunBench = {
  db: Db;
  bus: Bus;
  /** A language that no other test uses. */
  newLanguage(): string;
  newPerson(classroomId?: string): Promise<Person>;
  /** Stores a run as the API does; nobody is told. Resolves to its id. */
  store(person: Person, language: string, columns?: Partial<RunsTable>): Promise<string>;
  read(id: string): Promise<RunsTable>;
  /** Waits until the run has one of these states. */
  until(id: string, ...statuses: RunStatus[]): Promise<RunsTable>;
  /** What was told of a run, in order. */
  told(id: string): AwarenessRun[];
  close(): Promise<void>;
};

let languages = 0;

/** A database with people whose runs a bridge may look after. */
export async function openRunBench(opened: TestDatabase): Promise<RunBench> {
  const { db } = opened.database;
  const bus = createMemoryBus({ log: testLog });
  const told: AwarenessRun[] = [];
  await bus.subscribe('run.updated', ({ run }) => void told.push(run));

  const read = (id: string) => db.selectFrom('runs').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
  return {
    db,
    bus,
    newLanguage: () => `lang-${(languages += 1)}`,
    async newPerson(classroomId) {
      const userId = newId();
      const now = Date.now();
      await insertUser(db, { id: userId, email: `${userId}@example.org`, name: 'Ada', passwordHash: null, now });
      if (classroomId !== undefined) return { classroomId, userId };
      const id = newId();
      await insertClassroom(db, {
        id,
        title: 'Class',
        description: '',
        language: 'python',
        mode: 'lecture',
        code: id,
        owner_id: userId,
        starts_at: null,
        ends_at: null,
        ended_at: null,
        capacity: null,
        run_seq: 0,
        created_at: now,
        deleted_at: null,
      });
      return { classroomId: id, userId };
    },
    async store({ classroomId, userId }, language, columns = {}) {
      const row = runRow({ id: newId(), classroom_id: classroomId, user_id: userId, language, ...columns });
      await db.insertInto('runs').values(row).execute();
      return row.id;
    },
    read,
    until: (id, ...statuses) =>
      waitFor(
        async () => {
          const row = await read(id);
          return statuses.includes(row.status as RunStatus) ? row : undefined;
        },
        { withinMs: 15_000, what: `run ${id} to be ${statuses.join(' or ')}` },
      ),
    told: (id) => told.filter((run) => run.runId === id),
    async close() {
      await bus.close();
      await opened.drop();
    },
  };
}

let seq = 0;

/** A stored run that waits, with `columns` on top. */
export function runRow(columns: Partial<RunsTable>): RunsTable {
  const now = Date.now();
  return {
    id: newId(),
    seq: (seq += 1),
    classroom_id: '',
    document: null,
    user_id: '',
    language: 'python',
    files: JSON.stringify([{ path: 'main.py', content: 'print(42)' }]),
    entry: 'main.py',
    args: '[]',
    stdin_mode: 'text',
    stdin_text: '',
    code_hash: '0'.repeat(64),
    status: 'queued',
    stage: null,
    exit_code: null,
    signal: null,
    stdout: '',
    stderr: '',
    compile: null,
    wall_ms: null,
    cpu_ms: null,
    memory_bytes: null,
    truncated: 0,
    isolation: null,
    cancel_requested_at: null,
    deadline: now + 600_000,
    created_at: now,
    started_at: null,
    finished_at: null,
    ...columns,
  };
}
