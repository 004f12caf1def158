import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openDatabase } from '#platform/db/database.ts';
import { migrate } from '../../migrations/index.ts';
import { testLog, type TestDatabase } from './databases.ts';
import { dieWithUs } from './living-children.ts';
import { freePort } from './program.ts';
import { waitFor } from './wait-for.ts';

/** A MariaDB server of a test's own, which may be killed without harm to anybody else. */
export type OwnMariadb = {
  url: URL;
  kill(): Promise<void>;
  restart(): Promise<void>;
  /** The database of this server, migrated: an engine for `openSite`. */
  open(): Promise<TestDatabase>;
  /** Ends it and takes its data away. */
  destroy(): Promise<void>;
};

const server = ['/usr/sbin/mariadbd', '/usr/local/sbin/mariadbd', '/usr/libexec/mariadbd'].find((file) =>
  existsSync(file),
);
const hasInstaller = spawnSync('mariadb-install-db', ['--help']).error === undefined;

/** For `test(…, { skip: skipOwnMariadb }, …)`. */
export const skipOwnMariadb =
  (server === undefined || !hasInstaller) && 'install MariaDB (mariadbd, mariadb-install-db) to run this';

export async function startOwnMariadb(): Promise<OwnMariadb> {
  const folder = await mkdtemp(path.join(tmpdir(), 'lectern-mariadb-'));
  const dataDir = path.join(folder, 'data');
  const temporary = path.join(folder, 'tmp');
  await mkdir(temporary);
  const common = ['--no-defaults', `--datadir=${dataDir}`, `--tmpdir=${temporary}`];
  // It refuses to be root unless told to be.
  const asRoot = process.getuid?.() === 0 ? ['--user=root'] : [];
  const install = spawn('mariadb-install-db', [...common, ...asRoot, '--skip-test-db'], { stdio: 'ignore' });
  const [code] = (await once(install, 'exit')) as [number];
  if (code !== 0) throw new Error(`mariadb-install-db ended with ${code}`);

  const port = await freePort();
  const url = new URL(`mysql://root@127.0.0.1:${port}/lectern`);
  let child: ChildProcess;
  const args = [
    ...common,
    ...asRoot,
    '--skip-grant-tables',
    '--skip-name-resolve',
    '--bind-address=127.0.0.1',
    `--port=${port}`,
    `--socket=${path.join(folder, 'socket')}`,
    `--pid-file=${path.join(folder, 'pid')}`,
    // Every commit is on disk before it is answered, as in production.
    '--innodb-flush-log-at-trx-commit=1',
    '--innodb-buffer-pool-size=64M',
  ];
  const tryToOpen = (database: string) => {
    const place = new URL(url);
    place.pathname = `/${database}`;
    return openDatabase({ url: place.href, log: testLog });
  };

  async function start(): Promise<void> {
    child = spawn(server!, args, { stdio: 'ignore' });
    dieWithUs(child);
    await waitFor(
      async () => {
        const opened = await tryToOpen('mysql').catch(() => undefined);
        await opened?.close();
        return opened !== undefined;
      },
      { withinMs: 60_000, what: 'MariaDB to answer' },
    );
  }

  async function kill(): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  await start();
  return {
    url,
    kill,
    restart: start,
    async open() {
      const system = await tryToOpen('mysql');
      await system.db.schema.createSchema('lectern').execute();
      await system.close();
      const database = await tryToOpen('lectern');
      await migrate(database, 'up', testLog);
      return { database, place: { url: url.href }, drop: () => database.close() };
    },
    async destroy() {
      await kill();
      await rm(folder, { recursive: true });
    },
  };
}
