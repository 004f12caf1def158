import assert from 'node:assert/strict';
import { closeSync, openSync, readdirSync, readFileSync, rmSync, statfsSync, writeSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { documentLimits } from '#contract/limits.ts';
import { decodeRecords } from '../../collab/journal/record.ts';
import { yWebsocketClient } from '../support/clients.ts';
import { databaseEngines } from '../support/databases.ts';
import { createRandom } from '../support/random.ts';
import type { Site } from '../support/site.ts';
import { createLedger } from '../support/token-checker.ts';
import { waitFor } from '../support/wait-for.ts';
import { diskMb, openBlockable } from './blockable-site.ts';
import { logState } from './echo.ts';
import { assertFreshNode } from './fresh-node.ts';
import { long, quickOr, seed } from './mode.ts';
import { synced } from './synced.ts';

const inLongForm = 'the same on SQLite is enough for every day: npm run test:faults';
const megabyte = 1024 * 1024;

/** People alone in their workspaces, each with a client that writes and one that looks on. */
async function openDesks(site: Site, students: number) {
  const random = createRandom(seed);
  const room = await site.insertClass({ students });
  return Promise.all(
    room.students.map(async (student) => {
      const name = room.workspace(student);
      const ledger = createLedger(random);
      const client = yWebsocketClient(site.server.wsUrl, name, student.token, { acks: true });
      const writer = ledger.write(client);
      const reader = yWebsocketClient(site.server.wsUrl, name, room.owner.token);
      ledger.watch(reader);
      await synced(client, reader);
      return { student, name, ledger, client, writer, reader };
    }),
  );
}

type Desk = Awaited<ReturnType<typeof openDesks>>[number];

/** Everything typed, in time or turned away, is whole again: in the clients, in the database, in a fresh node. */
async function assertRecovered(site: Site, desks: readonly Desk[]) {
  await waitFor(() => desks.every(({ ledger }) => ledger.counts().acknowledged === ledger.counts().typed), {
    withinMs: 60_000,
    what: 'everything to be reported saved',
  });
  for (const { ledger, client, reader, name } of desks) {
    assert.equal(ledger.counts().seen, ledger.counts().typed);
    ledger.check(client.text.toJSON(), 'the writer');
    ledger.check(reader.text.toJSON(), 'the reader');
    ledger.check(await site.storedText(name), 'the database');
  }
  await assertFreshNode(
    site,
    desks.map(({ ledger, name, student }) => ({ ledger, name, token: student.token })),
  );
}

/** A text typed now reaches nobody. */
async function assertReadOnly({ writer, reader, client }: Desk) {
  const word = writer.type();
  await delay(500);
  assert.equal(reader.text.toJSON().includes(word), false, 'a full log takes nothing more');
  return () => waitFor(() => reader.text.toJSON().includes(word) && client.provider.synced, { withinMs: 30_000 });
}

for (const engine of databaseEngines) {
  test(
    `[DUR7] D7: with the database down and the journal full, documents are read-only until it drains on ${engine.name}`,
    { skip: engine.skip, timeout: 240_000 },
    async (t) => {
      // The long form with the bound that stands.
      const journalMb = quickOr(8, documentLimits.journalBytes / megabyte);
      const env = { DOCUMENT_LIMITS: `journalBytes=${journalMb * megabyte}` };
      const { site, takeAway, giveBack } = await openBlockable(t, engine, { env });
      const desks = await openDesks(site, quickOr(4, 16));
      const rss = site.server.rssMb();
      await takeAway();
      let pasted = 0;
      const isFull = () => desks.some(({ client }) => logState(client) === 'full');
      // A megabyte a second each, as fast as the contract lets one person paste.
      while (!isFull()) {
        assert.ok(pasted < 2 * journalMb, 'the log never said that it is full');
        for (const { writer } of desks) writer.paste(megabyte);
        pasted += desks.length;
        await delay(1_000);
      }
      await waitFor(() => desks.every(({ client }) => logState(client) === 'full'), { what: 'everybody to be told' });
      const comesBack = await assertReadOnly(desks[0]!);
      const highest = site.server.rssMb();
      t.diagnostic(`full after ${pasted} MB pasted; memory ${rss} → ${highest} MB`);
      assert.ok(site.server.alive() && highest < rss + 8 * journalMb + 100, `memory ${rss} → ${highest} MB`);
      assert.ok(pasted >= journalMb, 'not before the bound');
      await giveBack();
      await waitFor(() => desks.every(({ client }) => logState(client) === 'ok'), {
        withinMs: 60_000,
        what: 'the drain',
      });
      await comesBack();
      await assertRecovered(site, desks);
    },
  );
}

const skipSmallDisk =
  (process.platform !== 'linux' || process.getuid?.() !== 0) && 'only root on Linux may mount a small disk';

/** Fills what is left of the disk. */
function fill(folder: string): string {
  const file = path.join(folder, 'filler');
  const descriptor = openSync(file, 'w');
  try {
    for (;;) writeSync(descriptor, Buffer.alloc(64 * 1024, 1));
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC');
  }
  closeSync(descriptor);
  return file;
}

for (const engine of databaseEngines) {
  for (const cause of ['something else fills it', 'the database does not drain it'] as const) {
    const skipOften = engine.name === 'mysql' && cause === 'something else fills it' && !long && inLongForm;
    test(
      `[DUR8] D10: the journal's disk is full because ${cause}: read-only, told, and well again by itself on ${engine.name}`,
      { skip: engine.skip || skipSmallDisk || skipOften, timeout: 240_000 },
      async (t) => {
        const { site, journal, takeAway, giveBack } = await openBlockable(t, engine, { smallDisk: true });
        const desks = await openDesks(site, 4);
        for (const { writer } of desks) writer.type();
        await waitFor(() => desks.every(({ ledger }) => ledger.counts().acknowledged === 1));
        let filler: string | undefined;
        if (cause === 'something else fills it') filler = fill(journal);
        else await takeAway();

        const isFull = () => desks.every(({ client }) => logState(client) === 'full');
        for (let pasted = 0; !isFull(); pasted += 2) {
          assert.ok(pasted < 4 * diskMb, `after ${pasted} MB the log still does not say that it is full`);
          for (const { writer } of desks) writer.paste(megabyte / 2);
          await delay(500);
        }
        const comesBack = await assertReadOnly(desks[0]!);
        assert.match(site.server.output(), /ENOSPC/, 'the log raises the alarm');
        assert.ok(site.server.alive());
        const { bavail, bsize } = statfsSync(journal);
        t.diagnostic(`${Math.round((bavail * bsize) / 1024)} kB left on the disk`);
        for (const file of readdirSync(journal).filter((name) => name.endsWith('.journal'))) {
          const bytes = readFileSync(path.join(journal, file));
          assert.equal(decodeRecords(bytes).goodBytes, bytes.length, `${file} has half a record`);
        }
        if (filler !== undefined) rmSync(filler);
        await giveBack();
        await waitFor(() => desks.every(({ client }) => logState(client) === 'ok'), {
          withinMs: quickOr(20_000, 60_000),
          what: 'the log to be well again',
        });
        await comesBack();
        await assertRecovered(site, desks);
      },
    );
  }
}
