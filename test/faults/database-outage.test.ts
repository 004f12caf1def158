import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { destroyClients, hocuspocusClient, yWebsocketClient } from '../support/clients.ts';
import { skipOwnMariadb, startOwnMariadb, type OwnMariadb } from '../support/own-mariadb.ts';
import { createRandom } from '../support/random.ts';
import { openSite, type Site } from '../support/site.ts';
import { openTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { assertConverged, createLedger } from '../support/token-checker.ts';
import { waitFor } from '../support/wait-for.ts';
import { assertEchoUnharmed, logState, measureEcho, showEcho } from './echo.ts';
import { assertFreshNode } from './fresh-node.ts';
import { long, quickOr, seed } from './mode.ts';
import { synced } from './synced.ts';

describe('a database that fails', { skip: skipOwnMariadb, timeout: 300_000 }, () => {
  let mariadb: OwnMariadb;
  let proxy: TcpProxy;
  let site: Site;
  const random = createRandom(seed);
  before(
    async () => {
      mariadb = await startOwnMariadb();
      proxy = await openTcpProxy({ host: '127.0.0.1', port: Number(mariadb.url.port) }, seed);
      site = await openSite({
        engine: mariadb,
        databaseUrl(direct) {
          direct.port = String(proxy.port);
          return direct.href;
        },
      });
    },
    { timeout: 180_000 },
  );
  afterEach(destroyClients);
  after(async () => {
    await site.close();
    await proxy.close();
    await mariadb.destroy();
  });

  async function pair() {
    const room = await site.insertClass({ students: 1 });
    const { wsUrl } = site.server;
    const a = yWebsocketClient(wsUrl, room.main, room.owner.token, { acks: true });
    const b = hocuspocusClient(wsUrl, room.main, room.students[0]!.token);
    const ledger = createLedger(random);
    const writers = [ledger.write(a), ledger.write(b)] as const;
    await synced(a, b);
    return { room, ledger, a, b, writers };
  }

  test(
    '[DUR4] D5: kill -9 of MariaDB under load: editing goes on, and all is stored in the end',
    { timeout: 5 * 60_000 },
    async (t) => {
      const { room, ledger, a, b, writers } = await pair();
      const quiet = await measureEcho(writers[0], b, 50);
      await waitFor(() => ledger.counts().acknowledged === 50);
      await mariadb.kill();
      // What was in flight at the kill may still be reported.
      const saved = ledger.counts().acknowledged;
      const during: number[] = [];
      const until = performance.now() + quickOr(3_000, 20_000);
      while (performance.now() < until) {
        during.push(...(await measureEcho(writers[0], b, 5)));
        writers[1].type();
      }
      assert.equal(logState(a), 'buffering');
      assert.equal(b.provider.hasUnsyncedChanges, true);
      assert.equal(ledger.counts().acknowledged, saved, 'nothing is saved while there is no database');
      await mariadb.restart();
      await waitFor(() => ledger.counts().acknowledged === ledger.counts().typed && logState(a) === 'ok', {
        withinMs: 15_000,
        what: 'everything to be stored',
      });
      const again = await measureEcho(writers[0], b, 50);
      await assertConverged(ledger, [a, b]);
      await waitFor(() => ledger.counts().acknowledged === ledger.counts().typed);
      await assertFreshNode(site, [{ ledger, name: room.main, token: room.owner.token }]);
      t.diagnostic(
        `echo before, without and again with the database: ${[quiet, during, again].map(showEcho).join(', ')} ms`,
      );
      assertEchoUnharmed([quiet, again], during);
    },
  );

  test(
    '[DUR5] D6: with the database down a document is refused with 4500, never empty and never seeded',
    { timeout: 5 * 60_000 },
    async () => {
      const { room, ledger, a, b, writers } = await pair();
      const word = writers[0].type();
      await waitFor(() => ledger.counts().acknowledged === 1 && b.text.toJSON().includes(word));
      const never = await site.insertClass({ students: 1 });
      await site.killAll();
      await site.server.restart();
      await proxy.cut();
      const opened = [
        yWebsocketClient(site.server.wsUrl, room.main, room.owner.token),
        yWebsocketClient(site.server.wsUrl, never.main, never.owner.token),
      ];
      await waitFor(() => opened.every(({ closes }) => closes.length >= 2), {
        withinMs: 30_000,
        what: 'two refusals each',
      });
      for (const { closes, doc, provider } of opened) {
        assert.ok(
          closes.every((code) => code === 4500),
          closes.join(', '),
        );
        assert.equal(doc.store.clients.size, 0, 'nothing has reached the client');
        assert.equal(provider.synced, false);
      }
      const rows = await site.database.database.db
        .selectFrom('documents')
        .select('name')
        .where('name', '=', never.main)
        .execute();
      assert.equal(rows.length, 0);
      await proxy.restore();
      await waitFor(() => opened.every(({ provider }) => provider.synced), { withinMs: 30_000, what: 'both to open' });
      assert.equal(opened[0]!.text.toJSON(), word);
      assert.deepEqual(opened[1]!.doc.getMap('files').toJSON(), { main: { path: 'main.py', language: 'python' } });
      assert.equal(a.closes.includes(4409), false);
    },
  );

  test(
    '[DUR6] D8: two seconds more for every query slow down saving, and not the echo',
    { timeout: 5 * 60_000 },
    async (t) => {
      const { room, ledger, a, b, writers } = await pair();
      const quiet = await measureEcho(writers[0], b, 50);
      await waitFor(() => ledger.counts().acknowledged === 50);
      proxy.up.delay(2_000);
      t.after(() => proxy.up.calm());
      const rss = site.server.rssMb();
      const startedAt = performance.now();
      const first = writers[0].type();
      const saved = waitFor(() => ledger.counts().acknowledged > 50, {
        withinMs: 60_000,
        what: 'the first to be saved',
      }).then(() => performance.now() - startedAt);
      const slow = await measureEcho(writers[0], b, quickOr(50, 1_000));
      assert.ok(b.text.toJSON().includes(first));
      const savedMs = await saved;
      assert.ok(savedMs >= 2_000, `saved after ${savedMs} ms: the delay did nothing`);
      if (long) await delay(20_000);
      proxy.up.calm();
      await waitFor(() => ledger.counts().acknowledged === ledger.counts().typed, {
        withinMs: 60_000,
        what: 'all saved',
      });
      await assertConverged(ledger, [a, b]);
      const again = await measureEcho(writers[0], b, 50);
      t.diagnostic(
        `echo ${[quiet, slow, again].map(showEcho).join(', ')} ms, first saved after ${Math.round(savedMs)} ms`,
      );
      assertEchoUnharmed([quiet, again], slow);
      assert.ok(site.server.rssMb() <= rss + 150, `memory ${rss} → ${site.server.rssMb()} MB`);
      await assertFreshNode(site, [{ ledger, name: room.main, token: room.owner.token }]);
    },
  );
});
