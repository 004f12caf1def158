import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { destroyClients } from '../support/clients.ts';
import { databaseEngines } from '../support/databases.ts';
import { createRandom } from '../support/random.ts';
import { startServer } from '../support/server-process.ts';
import { openSite } from '../support/site.ts';
import { addLosses, killRounds, killStockRounds, noLosses } from './kill-rounds.ts';
import { killRoundCount, seed } from './mode.ts';

const minutes = (count: number) => count * 60_000;
/** Each document lives through so many of the rounds; then a new one is opened. */
const roundsPerDocument = 20;

for (const engine of databaseEngines) {
  test(
    `[DUR1] D1 D4: kill -9 at random moments with all tabs closed loses and doubles nothing on ${engine.name}`,
    { skip: engine.skip, timeout: minutes(30) },
    async (t) => {
      const random = createRandom(seed);
      const site = await openSite({ engine, env: { LOG_LEVEL: 'warn' } });
      t.after(() => site.close());
      let losses = noLosses;
      for (let left = killRoundCount; left > 0; left -= roundsPerDocument) {
        const room = await site.insertClass({ students: 1 });
        const rounds = Math.min(left, roundsPerDocument);
        const ledger = await killRounds(site, room, random, rounds);
        losses = addLosses({ ...losses, rounds: losses.rounds + rounds }, ledger, { lost: [], doubled: [] });
      }
      t.diagnostic(`Lectern on ${engine.name}, seed ${seed}: ${JSON.stringify(losses)}`);
      assert.ok(losses.seen > 0 && losses.acknowledged > 0);
    },
  );
}

test('[DUR2] D1: the same rounds find what a stock server loses', { timeout: minutes(30) }, async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'lectern-stock-'));
  const env = { DATABASE_FILE: path.join(folder, 'stock.db') };
  const server = await startServer({ entry: 'test/faults/stock-host.ts', env, readyPath: '/' });
  t.after(async () => {
    destroyClients();
    await server.kill();
    await rm(folder, { recursive: true });
  });
  const losses = await killStockRounds(server, createRandom(seed), killRoundCount);
  t.diagnostic(`stock Hocuspocus, seed ${seed}: ${JSON.stringify(losses)}`);
  assert.ok(losses.acknowledged > 0 && losses.lost > 0);
});
