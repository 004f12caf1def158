import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, test, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'kysely';
import * as Y from 'yjs';
import { openDatabase, databaseFile } from '#platform/db/database.ts';
import { migrate } from '../../migrations/index.ts';
import { databaseEngines, testLog, type DatabaseEngine } from '../support/databases.ts';
import { openTestLog, typist, words } from './log-support.ts';

const program = path.join(import.meta.dirname, '../../migrations/main.ts');

/** An empty database, and how processes find it. */
async function openEmpty(t: TestContext, engine: DatabaseEngine) {
  const { database, place, drop } = await engine.openEmpty();
  t.after(drop);
  if ('url' in place)
    return { database, env: { DATABASE_URL: place.url, JWT_SECRET: 'x'.repeat(32), PUBLIC_URL: 'http://x' } };
  const dataDir = await mkdtemp(path.join(tmpdir(), 'lectern-migrations-'));
  t.after(() => rm(dataDir, { recursive: true }));
  const own = await openDatabase({ file: databaseFile(dataDir), log: testLog });
  t.after(() => own.close());
  return { database: own, env: { DATA_DIR: dataDir } };
}

function startMigration(env: Record<string, string | undefined>) {
  const child = spawn(process.execPath, [program, 'up'], { env: { PATH: process.env.PATH, ...env }, stdio: 'pipe' });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => void (output += chunk.toString()));
  const ended = once(child, 'exit').then(([code]) => ({ code: code as number | null, output }));
  return { child, ended };
}

for (const engine of databaseEngines) {
  describe(`D16 on ${engine.name}`, { skip: engine.skip }, () => {
    test('[DB33] D16: kill -9 at any moment of a migration: the next one completes it', async (t) => {
      const { database, env } = await openEmpty(t, engine);
      const names = (await migrate(database, 'status', testLog)).map(({ name }) => name);
      const killedAt: number[] = [];
      for (let round = 0; round < 6; round += 1) {
        const { child, ended } = startMigration(env);
        await Promise.race([ended, underWay(database, env, 2 * round)]);
        child.kill('SIGKILL');
        await ended;
        killedAt.push(await appliedCount(database));
      }
      t.diagnostic(`applied when killed: ${killedAt.join(', ')} of ${names.length}`);
      const { code, output } = await startMigration(env).ended;
      assert.equal(code, 0, output);
      assert.equal(await appliedCount(database), names.length);
      assert.equal((await migrate(database, 'up', testLog)).filter(({ changed }) => changed).length, 0);
      await database.db.selectFrom('document_updates').select(['crc']).execute();
      await database.db.selectFrom('document_snapshots').select(['crc', 'epoch']).execute();
    });

    test('[DB32] D16: of processes that migrate at once, one of which is killed, each migration is applied once', async (t) => {
      const { database, env } = await openEmpty(t, engine);
      const processes = [1, 2, 3].map(() => startMigration(env));
      await Promise.race([underWay(database, env, 1), ...processes.map(({ ended }) => ended)]);
      processes[0]!.child.kill('SIGKILL');
      const [, ...others] = await Promise.all(processes.map(({ ended }) => ended));
      for (const { code, output } of others) assert.equal(code, 0, output);
      const states = await migrate(database, 'status', testLog);
      assert.ok(states.every(({ appliedAt }) => appliedAt !== undefined));
    });

    test('[DB33] D16: columns that were added before the interruption are not added again', async (t) => {
      const { database } = await openEmpty(t, engine);
      await migrate(database, 'up', testLog);
      // MySQL commits each column by itself: the process died between two of them, or before the note.
      await sql`alter table document_snapshots drop column epoch`.execute(database.db);
      await sql`delete from kysely_migration where name >= '0010'`.execute(database.db);
      const changed = (await migrate(database, 'up', testLog)).filter((state) => state.changed);
      assert.deepEqual(
        changed.map(({ name }) => name.slice(0, 4)),
        ['0010', '0011', '0012'],
      );
      await database.db.selectFrom('document_snapshots').select(['crc', 'epoch']).execute();
    });

    test('[LOG20] D16: the program before and this one work on one database', async (t) => {
      const log = await openTestLog(t, engine);
      const document = await log.document();
      const hand = typist();
      hand.type(...words(6));
      // What the program before writes: it knows neither checksums nor epochs of snapshots.
      const [first, second, ...others] = log.records(document, hand.updates);
      for (const { id, document: name, epoch, update } of [first!, second!]) {
        await sql`insert into document_updates (id, part, document, epoch, user_id, created_at, data)
          values (${id}, 0, ${name}, ${epoch}, null, 1, ${update})`.execute(log.db);
      }
      await log.store(others);
      assert.equal(await log.text(document.name), words(6).join(''));

      // And what it reads.
      const { rows } = await sql<{ id: string; part: number; data: Uint8Array }>`
        select id, part, data from document_updates where document = ${document.key} and epoch = ${document.epoch}
        order by id, part`.execute(log.db);
      const doc = new Y.Doc();
      for (const { data } of rows) Y.applyUpdate(doc, data);
      assert.equal(doc.getText('f:main').toJSON(), words(6).join(''));
      const insert = sql`insert into document_snapshots (document, generation, part, data)
        values (${document.key}, 'g', 0, ${Y.encodeStateAsUpdate(doc)})`;
      await insert.execute(log.db);
      await log.db.updateTable('documents').set({ snapshot: 'g' }).where('name', '=', document.key).execute();
      await log.db.deleteFrom('document_updates').execute();
      assert.equal(await log.text(document.name), words(6).join(''));
      assert.deepEqual(await log.quarantined(), []);
    });
  });
}

type Opened = Awaited<ReturnType<typeof openDatabase>>;

/**
 * Resolves when another process is in the middle of migrating: on MySQL when there are so many tables, on SQLite, where
 * all is one transaction, when it holds the lock.
 */
async function underWay(database: Opened, env: { DATA_DIR?: string }, tables: number): Promise<void> {
  const until = performance.now() + 10_000;
  while (performance.now() < until) {
    if (env.DATA_DIR === undefined) {
      if ((await database.db.introspection.getTables()).length >= tables) return;
    } else if (isLocked(databaseFile(env.DATA_DIR))) return;
    await delay(1);
  }
}

function isLocked(file: string): boolean {
  const probe = new DatabaseSync(file, { timeout: 0 });
  try {
    probe.exec('begin immediate; rollback');
    return false;
  } catch {
    return true;
  } finally {
    probe.close();
  }
}

async function appliedCount(database: Opened): Promise<number> {
  return (await migrate(database, 'status', testLog)).filter(({ appliedAt }) => appliedAt !== undefined).length;
}
