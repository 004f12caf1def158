import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { destroyClients, yWebsocketClient } from '../support/clients.ts';
import { databaseEngines, type DatabaseEngine } from '../support/databases.ts';
import { createRandom } from '../support/random.ts';
import { redisUrl } from '../support/redis.ts';
import { openSite } from '../support/site.ts';
import { assertConverged, createLedger } from '../support/token-checker.ts';
import { waitFor } from '../support/wait-for.ts';
import { openBlockable } from './blockable-site.ts';
import { logState } from './echo.ts';
import { assertFreshNode, assertStored } from './fresh-node.ts';
import { quickOr, seed } from './mode.ts';
import { synced } from './synced.ts';

// Every y-websocket client listens for the end of the process.
process.setMaxListeners(0);

/** The program itself: everything in one process, or the collab role on servers. */
function openProgram(engine: DatabaseEngine) {
  const env: Record<string, string> = { DEMO: '0', HOST: '127.0.0.1' };
  if (engine.name === 'sqlite') return openSite({ engine, entry: 'main.ts', env });
  return openSite({ engine, entry: 'main.ts', args: ['--roles', 'collab'], env: { ...env, REDIS_URL: redisUrl } });
}

for (const engine of databaseEngines) {
  const skip =
    engine.skip || (engine.name === 'mysql' && redisUrl === '' && 'set TEST_REDIS_URL to run this on servers');

  test(
    `[DUR9] D13: SIGTERM with a full class typing: 1012 for all, exit 0, nothing lost on ${engine.name}`,
    { skip, timeout: 180_000 },
    async (t) => {
      const site = await openProgram(engine);
      t.after(() => site.close());
      const { wsUrl } = site.server;
      const room = await site.insertClass({ students: quickOr(60, 300) });
      const main = createLedger(createRandom(seed));
      const desks = room.students.map((student, index) => {
        const inMain = index % 3 === 0;
        const ledger = inMain ? main : createLedger(createRandom(seed + index));
        const name = inMain ? room.main : room.workspace(student);
        const client = yWebsocketClient(wsUrl, name, student.token, { acks: true });
        return { name, ledger, client, writer: ledger.write(client) };
      });
      await waitFor(() => desks.every(({ client }) => client.provider.synced), {
        withinMs: 60_000,
        what: 'all to sync',
      });
      for (const { writer } of desks) writer.type();
      const startedAt = performance.now();
      site.server.signal('SIGTERM');
      for (const { writer } of desks) writer.type();
      assert.equal(await site.server.ended(), 0, site.server.output().slice(-2_000));
      const ms = Math.round(performance.now() - startedAt);
      await waitFor(() => desks.every(({ client }) => client.closes.length > 0), { what: 'everybody to be closed' });
      const codes = new Map<number, number>();
      for (const { client } of desks) codes.set(client.closes[0]!, (codes.get(client.closes[0]!) ?? 0) + 1);
      t.diagnostic(`${desks.length} connected, ended after ${ms} ms, close codes ${JSON.stringify([...codes])}`);
      assert.deepEqual([...codes.keys()], [1012]);
      for (const { ledger, name } of desks) ledger.check(await site.storedText(name), 'the database after the end');

      await site.server.restart();
      const typed = main.counts().typed;
      await waitFor(() => desks.every(({ ledger }) => ledger.counts().acknowledged === ledger.counts().typed), {
        withinMs: 60_000,
        what: 'everything to be saved by the next process',
      });
      await assertConverged(
        main,
        desks.filter(({ name }) => name === room.main).map(({ client }) => client),
      );
      assert.equal(main.counts().promised, typed);
      for (const { ledger, name } of desks) ledger.check(await site.storedText(name), 'the database');
    },
  );
}

for (const engine of databaseEngines) {
  test(
    `[DUR10] D13: a second SIGTERM ends at once, and the journal keeps what the database did not take on ${engine.name}`,
    { skip: engine.skip, timeout: 120_000 },
    async (t) => {
      const { site, takeAway, giveBack } = await openBlockable(t, engine);
      const room = await site.insertClass({ students: 1 });
      const ledger = createLedger(createRandom(seed));
      const a = yWebsocketClient(site.server.wsUrl, room.main, room.owner.token, { acks: true });
      const writer = ledger.write(a);
      const b = yWebsocketClient(site.server.wsUrl, room.main, room.students[0]!.token);
      ledger.watch(b);
      await synced(a, b);
      await takeAway();
      for (let left = 20; left > 0; left -= 1) writer.type();
      await waitFor(() => ledger.counts().seen === 20);
      site.server.signal('SIGTERM');
      await waitFor(() => site.server.output().includes('"stopping"') && a.closes.length > 0, {
        what: 'the end to begin',
      });
      assert.ok(site.server.alive(), 'the drain waits for the database');
      const startedAt = performance.now();
      site.server.signal('SIGTERM');
      assert.equal(await site.server.ended(), null, 'killed by itself');
      const ms = Math.round(performance.now() - startedAt);
      destroyClients();
      await giveBack();
      await site.server.restart();
      const fresh = yWebsocketClient(site.server.wsUrl, room.main, room.owner.token);
      await synced(fresh);
      ledger.check(fresh.text.toJSON(), 'a fresh node');
      await assertStored(site, { ledger, name: room.main, token: room.owner.token });
      assert.ok(ms < 2_000, `it took ${ms} ms`);
    },
  );
}

for (const engine of databaseEngines) {
  test(
    `[DUR11] a server that is stopped and continued goes on, and what was typed meanwhile arrives once on ${engine.name}`,
    { skip: engine.skip, timeout: 180_000 },
    async (t) => {
      const site = await openSite({ engine });
      t.after(() => site.close());
      const room = await site.insertClass({ students: 1 });
      const ledger = createLedger(createRandom(seed));
      const a = yWebsocketClient(site.server.wsUrl, room.main, room.owner.token, { acks: true });
      const b = yWebsocketClient(site.server.wsUrl, room.main, room.students[0]!.token, { acks: true });
      const writers = [ledger.write(a), ledger.write(b)];
      await synced(a, b);
      // The long form is longer than the clients' and the server's patience of 30 s.
      for (const ms of quickOr([3_000], [3_000, 40_000])) {
        site.server.signal('SIGSTOP');
        for (let passed = 0; passed < ms; passed += 100) {
          for (const writer of writers) writer.type();
          await delay(100);
        }
        site.server.signal('SIGCONT');
        await waitFor(() => ledger.counts().acknowledged === ledger.counts().typed && logState(a) === 'ok', {
          withinMs: 30_000,
          what: 'all to be saved',
        });
        await assertConverged(ledger, [a, b]);
        ledger.check(await site.storedText(room.main), 'the database');
        const people = [...a.awareness.getStates().values()].filter(({ kind }) => kind !== 'server');
        assert.ok(people.length <= 2, `${people.length} people where there are two`);
      }
      await assertFreshNode(site, [{ ledger, name: room.main, token: room.owner.token }]);
    },
  );
}
