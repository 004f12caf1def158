import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { yWebsocketClient } from '../support/clients.ts';
import { databaseEngines } from '../support/databases.ts';
import { createRandom } from '../support/random.ts';
import { openSite } from '../support/site.ts';
import { createLedger } from '../support/token-checker.ts';
import { assertStored } from './fresh-node.ts';
import { quickOr, seed } from './mode.ts';
import { synced } from './synced.ts';

const everyMs = 100;
/** What may be lost when everything dies, in keys: 0.6 s of typing. */
const maxLost = 600 / everyMs;

for (const engine of databaseEngines) {
  const seconds = quickOr([1, 2], [6, 9, 12, 19]);
  test(
    `[DUR3] D2: ten keys a second, then kill -9 of server and clients, loses at most 0.6 s on ${engine.name}`,
    { skip: engine.skip, timeout: 120_000 },
    async (t) => {
      const random = createRandom(seed);
      const site = await openSite({ engine });
      t.after(() => site.close());
      const room = await site.insertClass({ students: seconds.length });
      const { wsUrl } = site.server;
      // One alone in each document, so that nothing is safe for having been seen; all end at the same moment.
      const desks = await Promise.all(
        room.students.map(async (student, index) => {
          const ledger = createLedger(random);
          const name = room.workspace(student);
          const client = yWebsocketClient(wsUrl, name, student.token, { acks: true });
          const writer = ledger.write(client);
          await synced(client);
          return { student, name, ledger, writer, keys: seconds[index]! * (1000 / everyMs) };
        }),
      );
      for (let left = Math.max(...desks.map(({ keys }) => keys)); left > 0; left -= 1) {
        for (const { writer, keys } of desks) if (left <= keys) writer.type();
        await delay(everyMs);
      }
      await site.killAll();
      await site.server.restart();
      for (const { student, name, ledger, keys } of desks) {
        const fresh = yWebsocketClient(wsUrl, name, student.token);
        await synced(fresh);
        const text = fresh.text.toJSON();
        ledger.check(text, `after ${keys} keys`);
        const lost = keys - text.length / 10;
        const { acknowledged } = ledger.counts();
        await assertStored(site, { ledger, name, token: student.token });
        t.diagnostic(`${keys} keys: ${acknowledged} reported saved, ${lost} lost`);
        assert.ok(lost <= maxLost, `${lost} of ${keys} keys lost`);
        assert.ok(keys - acknowledged <= maxLost, `only ${acknowledged} of ${keys} keys were reported saved`);
      }
    },
  );
}
