import assert from 'node:assert/strict';
import { after, before, describe, test, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { yWebsocketClient, type StockClient } from '../support/clients.ts';
import type { RowClass, RowPerson } from '../support/class-rows.ts';
import { databaseEngines } from '../support/databases.ts';
import { call } from '../support/lesson.ts';
import { createRandom } from '../support/random.ts';
import { openSite, type Site } from '../support/site.ts';
import { openTcpProxy } from '../support/tcp-proxy.ts';
import { assertConverged, createLedger } from '../support/token-checker.ts';
import { waitFor } from '../support/wait-for.ts';
import { assertEchoUnharmed, measureEcho, showEcho } from './echo.ts';
import { assertStored } from './fresh-node.ts';
import { long, quickOr, seed } from './mode.ts';
import { synced } from './synced.ts';

// Every y-websocket client listens for the end of the process.
process.setMaxListeners(0);

/** Others on the machine make a deadline late by this. */
const graceMs = 500;
/** Subtests do not inherit the patience of their suite. */
const patient = { timeout: 15 * 60_000 };
const pasteBytes = 600_000;
/** What the sockets of the system hold between a server and a proxy that does not read. */
const kernelMb = 12;
/** More than the server, the kernel and the proxy keep for a reader together. */
const wantedBytes = 30 * 1024 * 1024;

describe('bad networks', { concurrency: true, timeout: 600_000 }, () => {
  let site: Site;
  before(
    async () => {
      site = await openSite({ engine: databaseEngines[0]!, entry: 'main.ts', env: { DEMO: '0' } });
    },
    { timeout: 180_000 },
  );
  after(() => site.close());

  async function openProxy(t: TestContext) {
    const proxy = await openTcpProxy({ host: '127.0.0.1', port: site.server.port }, seed);
    t.after(() => proxy.close());
    return { proxy, wsUrl: `ws://127.0.0.1:${proxy.port}` };
  }

  function present(client: StockClient, person: RowPerson): number {
    const states = [...client.awareness.getStates().values()] as { user?: { id?: string } }[];
    return states.filter(({ user }) => user?.id === person.id).length;
  }

  async function isOnline(room: RowClass, person: RowPerson): Promise<boolean> {
    const token = site.tokens.sign('access', { sub: room.owner.id, sid: room.owner.sessionId }).token;
    const url = `http://127.0.0.1:${site.server.port}`;
    const path = `/api/classrooms/${room.id}/members?limit=100`;
    const { items } = await call<{ items: { online: boolean; user: { id: string } }[] }>(url, 'GET', path, { token });
    return items.find(({ user }) => user.id === person.id)!.online;
  }

  for (const broken of ['both ways', 'up only', 'down only'] as const) {
    test(`[DUR12] N4: a client that is half open (${broken}) is gone for all within 35 s`, patient, async (t) => {
      const { proxy, wsUrl } = await openProxy(t);
      const room = await site.insertClass({ students: 1 });
      const [student] = room.students as [RowPerson];
      const observer = yWebsocketClient(site.server.wsUrl, room.main, room.owner.token);
      const lost = yWebsocketClient(wsUrl, room.main, student.token);
      lost.awareness.setLocalState({ cursor: 1 });
      await synced(observer, lost);
      await waitFor(() => present(observer, student) === 1);
      await waitFor(() => isOnline(room, student), { what: 'the roster to show the student' });
      if (long) {
        // The worst moment is right after a sign of life.
        const { wsLastMessageReceived } = lost.provider;
        await waitFor(() => lost.provider.wsLastMessageReceived > wsLastMessageReceived, { withinMs: 20_000 });
        await delay(500);
      }
      const startedAt = performance.now();
      if (broken !== 'down only') proxy.up.drop();
      if (broken !== 'up only') proxy.down.drop();
      const elapsed = () => Math.round(performance.now() - startedAt);
      await waitFor(() => present(observer, student) === 0, { withinMs: 60_000, what: 'the awareness to go' });
      const awareness = elapsed();
      assert.ok(awareness <= 35_000 + graceMs, `gone from awareness after ${awareness} ms`);
      // Where the way up works it goes on connecting, and the server cannot know that nothing comes of it.
      if (broken === 'down only') t.diagnostic(`gone from awareness after ${awareness} ms`);
      else {
        await waitFor(async () => !(await isOnline(room, student)), {
          withinMs: 60_000,
          what: 'the roster to show it',
        });
        t.diagnostic(`gone from awareness after ${awareness} ms, from the roster after ${elapsed()} ms`);
        assert.ok(elapsed() <= 35_000 + graceMs, `gone from the roster after ${elapsed()} ms`);
      }
      proxy.up.calm();
      proxy.down.calm();
      proxy.breakAll();
      await waitFor(() => present(observer, student) === 1, { withinMs: 40_000, what: 'the student to be back' });
    });
  }

  test(
    '[DUR13] N5: a reader of 1 kB/s is let go, costs a bounded memory and nobody else, and catches up',
    patient,
    async (t) => {
      const { proxy, wsUrl } = await openProxy(t);
      const room = await site.insertClass({ students: 3, staff: 2 });
      const name = room.main;
      const [first, second, third] = room.students as [RowPerson, RowPerson, RowPerson];
      const pasters = [first, second].map(({ token }) => yWebsocketClient(site.server.wsUrl, name, token));
      const reader = yWebsocketClient(site.server.wsUrl, name, third.token);
      const slow = yWebsocketClient(wsUrl, name, third.token);
      const ledger = createLedger(createRandom(seed));
      const writer = ledger.write(yWebsocketClient(site.server.wsUrl, name, room.owner.token));
      await synced(...[...pasters, reader, slow, writer.client]);
      // In a text of its own, so that the tokens stay where they are.
      const paste = ({ doc }: StockClient) =>
        doc.transact(() => {
          const text = doc.getText('f:pasted');
          text.delete(0, text.length);
          text.insert(0, 'x'.repeat(pasteBytes));
        });
      const during = async (rounds: number) => {
        const echo = measureEcho(writer, reader, rounds * 4, 60);
        for (let left = rounds; left > 0; left -= 1) {
          for (const paster of pasters) paste(paster);
          await delay(500);
        }
        return echo;
      };
      const quiet = await during(8);
      const rss = site.server.rssMb();
      // Its own watchdog may be the first to give up.
      let letGo = 0;
      slow.provider.on('connection-close', () => (letGo += 1));
      proxy.down.throttle(1_000);
      // On a busy machine pastes are joined before anybody sees them: what counts is what a reader has been sent.
      let sent = 0;
      reader.doc.on('update', (update: Uint8Array) => (sent += update.length));
      const rounds = quickOr(30, 150);
      const meanwhile = await during(rounds);
      for (let more = 0; sent < wantedBytes && more < 200; more += 1) {
        paste(pasters[more % 2]!);
        await delay(100);
      }
      const grown = site.server.rssMb() - rss;
      const carried = proxy.down.carried();
      proxy.down.calm();
      await waitFor(() => letGo > 0, { withinMs: 20_000, what: 'the slow reader to learn that it was let go' });
      const waiting = Math.round((proxy.down.carried() - carried) / 1024 / 1024);
      const pasted = Math.round(sent / 1024 / 1024);
      t.diagnostic(
        `${pasted} MB pasted, ${waiting} MB were waiting for the slow reader, close codes ${slow.closes.join(', ')}`,
      );
      assert.ok(
        slow.closes.every((code) => code === 1013 || code === 1006),
        slow.closes.join(', '),
      );
      assert.ok(waiting <= 8 + kernelMb, `${waiting} MB were kept for the slow reader`);
      assert.ok(grown < 600, `${grown} MB more`);
      const again = await during(8);
      const echoes = [quiet, meanwhile, again].map(showEcho).join(', ');
      t.diagnostic(`echo before, with and without the slow reader: ${echoes} ms, memory of the server +${grown} MB`);
      assertEchoUnharmed([quiet, again], meanwhile);
      await assertConverged(ledger, [writer.client, reader, slow], 30_000);
      await assertStored(site, { ledger, name, token: room.owner.token });
      await waitFor(() => slow.doc.getText('f:pasted').length === reader.doc.getText('f:pasted').length);
    },
  );

  test(
    '[DUR14] N7: a connection that breaks every few seconds loses and doubles nothing, and is one person',
    patient,
    async (t) => {
      const { proxy, wsUrl } = await openProxy(t);
      const room = await site.insertClass({ students: 1 });
      const [student] = room.students as [RowPerson];
      const random = createRandom(seed);
      const ledger = createLedger(random);
      const shaky = yWebsocketClient(wsUrl, room.main, student.token, { acks: true });
      const steady = yWebsocketClient(site.server.wsUrl, room.main, room.owner.token, { acks: true });
      const writers = [ledger.write(shaky), ledger.write(steady)];
      shaky.awareness.setLocalState({ cursor: 1 });
      await synced(shaky, steady);
      const cuts = quickOr(5, 60);
      for (let cut = 0; cut < cuts; cut += 1) {
        const until = performance.now() + random.int(500, quickOr(1_500, 8_000));
        while (performance.now() < until) {
          random.pick(writers).type();
          await delay(random.int(5, 40));
        }
        // Sometimes in the middle of a frame, sometimes for a while.
        if (random.next() < 0.5) proxy[random.pick(['up', 'down'] as const)].truncateAfter(random.int(1, 400));
        else proxy.breakAll();
        await delay(random.int(0, 300));
        proxy.up.calm();
        proxy.down.calm();
        assert.ok(present(steady, student) <= 1, 'one person is there once');
      }
      await waitFor(() => ledger.counts().acknowledged === ledger.counts().typed, {
        withinMs: 20_000,
        what: 'all saved',
      });
      await assertConverged(ledger, [shaky, steady]);
      ledger.check(await site.storedText(room.main), 'the database');
      await waitFor(() => present(steady, student) === 1);
      t.diagnostic(`${cuts} cuts, ${shaky.closes.length} closes: ${JSON.stringify(ledger.counts())}`);
      shaky.destroy();
      await waitFor(() => present(steady, student) === 0, { what: 'the awareness of the gone to go' });
    },
  );

  test(
    '[DUR15] N8: one second of round trip with stalls is usable: no reconnecting, all arrives once',
    patient,
    async (t) => {
      const { proxy, wsUrl } = await openProxy(t);
      const room = await site.insertClass({ students: 1 });
      const random = createRandom(seed);
      const ledger = createLedger(random);
      const farAway = () => {
        for (const way of [proxy.up, proxy.down]) {
          way.calm();
          way.delay(500, 100);
        }
      };
      farAway();
      const far = yWebsocketClient(wsUrl, room.main, room.students[0]!.token, { acks: true });
      const near = yWebsocketClient(site.server.wsUrl, room.main, room.owner.token, { acks: true });
      const writers = [ledger.write(far), ledger.write(near)];
      await waitFor(() => far.provider.synced && near.provider.synced, { withinMs: 15_000, what: 'both to sync' });
      const until = performance.now() + quickOr(8_000, 120_000);
      while (performance.now() < until) {
        for (const writer of writers) writer.type();
        await delay(random.int(20, 200));
        // What TCP does with a lost packet: everything behind it waits for its repetition.
        if (random.next() < 0.05) {
          const way = random.pick([proxy.up, proxy.down]);
          way.pause();
          await delay(random.int(200, 800));
          farAway();
        }
      }
      assert.deepEqual([far.closes, near.closes], [[], []]);
      await waitFor(() => ledger.counts().acknowledged === ledger.counts().typed, {
        withinMs: 30_000,
        what: 'all saved',
      });
      await assertConverged(ledger, [far, near]);
      await assertStored(site, { ledger, name: room.main, token: room.owner.token });
      t.diagnostic(JSON.stringify(ledger.counts()));
    },
  );
});
