import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { TestContext } from 'node:test';
import { databaseFile } from '#platform/db/database.ts';
import type { DatabaseEngine } from '../support/databases.ts';
import { openSite } from '../support/site.ts';
import { openTcpProxy } from '../support/tcp-proxy.ts';
import { seed } from './mode.ts';

/** Of the small disk. */
export const diskMb = 16;

/** Mounts a small disk where the journal will be. */
function mountSmallDisk(folder: string): void {
  mkdirSync(folder, { recursive: true });
  const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${diskMb}m`, 'tmpfs', folder]);
  assert.equal(status, 0, String(stderr));
}

/** A site whose database can be taken away and given back. */
export async function openBlockable(
  t: TestContext,
  engine: DatabaseEngine,
  options: { smallDisk?: boolean; env?: Record<string, string> } = {},
) {
  const { smallDisk = false, env } = options;
  let journal = '';
  const target = new URL(process.env.TEST_DATABASE_URL ?? 'mysql://127.0.0.1:3306');
  const proxy = await openTcpProxy({ host: target.hostname, port: Number(target.port || 3306) }, seed);
  const site = await openSite({
    engine,
    env,
    async prepare(dataDir) {
      journal = path.join(dataDir, 'journal');
      if (smallDisk) mountSmallDisk(journal);
    },
    databaseUrl(direct) {
      direct.host = `127.0.0.1:${proxy.port}`;
      return direct.href;
    },
  });
  let lock: DatabaseSync | undefined;
  const giveBack = async () => {
    lock?.close();
    lock = undefined;
    if (engine.name === 'mysql') await proxy.restore();
  };
  t.after(async () => {
    await giveBack();
    await site.killAll();
    // Before its folder is taken away.
    if (smallDisk) spawnSync('umount', [journal]);
    await site.close();
    await proxy.close();
  });
  return {
    site,
    journal,
    giveBack,
    async takeAway() {
      if (engine.name === 'mysql') return proxy.cut();
      // Another process holds the write lock.
      lock = new DatabaseSync(databaseFile(site.dataDir));
      lock.exec('begin immediate');
    },
  };
}
