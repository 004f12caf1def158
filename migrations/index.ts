import { Migrator, type Migration } from 'kysely/migration';
import type { Database } from '#platform/db/database.ts';
import type { Log } from '#platform/log.ts';
import users from './0001-users.ts';
import sessions from './0002-sessions.ts';
import refreshTokens from './0003-refresh-tokens.ts';
import classrooms from './0004-classrooms.ts';
import members from './0005-members.ts';
import documents from './0006-documents.ts';
import documentUpdates from './0007-document-updates.ts';
import documentSnapshots from './0008-document-snapshots.ts';
import runs from './0009-runs.ts';
import documentUpdateChecksums from './0010-document-update-checksums.ts';
import documentSnapshotChecksums from './0011-document-snapshot-checksums.ts';
import documentQuarantine from './0012-document-quarantine.ts';

/** In the order of their names. What stands here has been applied somewhere: add at the end, never change. */
const migrations: Record<string, Migration> = {
  '0001-users': users,
  '0002-sessions': sessions,
  '0003-refresh-tokens': refreshTokens,
  '0004-classrooms': classrooms,
  '0005-members': members,
  '0006-documents': documents,
  '0007-document-updates': documentUpdates,
  '0008-document-snapshots': documentSnapshots,
  '0009-runs': runs,
  '0010-document-update-checksums': documentUpdateChecksums,
  '0011-document-snapshot-checksums': documentSnapshotChecksums,
  '0012-document-quarantine': documentQuarantine,
};

export type MigrationDirection = 'up' | 'down' | 'status';

/** `appliedAt` is in epoch milliseconds, undefined while the migration is pending; `changed`: by this very call. */
export type MigrationState = { name: string; appliedAt: number | undefined; changed: boolean };

/**
 * `up` applies everything pending, `down` takes back the newest one with its data, `status` only looks. Resolves to the
 * state of every migration afterwards. Several processes may call it at once: the others wait, then find nothing to do.
 * Throws an Error that names the migration that failed; running it again goes on where it stopped.
 */
export async function migrate(database: Database, direction: MigrationDirection, log: Log): Promise<MigrationState[]> {
  const migrator = new Migrator({ db: database.db, provider: { getMigrations: async () => migrations } });
  const changed = new Set<string>();
  if (direction !== 'status') {
    const { error, results = [] } = await (direction === 'up' ? migrator.migrateToLatest() : migrator.migrateDown());
    const failed = results.find((result) => result.status === 'Error');
    if (error !== undefined) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(failed === undefined ? reason : `migration ${failed.migrationName} failed: ${reason}`, {
        cause: error,
      });
    }
    for (const { migrationName } of results) changed.add(migrationName);
    if (changed.size > 0) log.info({ direction, migrations: [...changed] }, 'migrated');
  }
  return (await migrator.getMigrations()).map(({ name, executedAt }) => ({
    name,
    appliedAt: executedAt?.getTime(),
    changed: changed.has(name),
  }));
}
