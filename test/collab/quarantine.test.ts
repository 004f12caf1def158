import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { sql } from 'kysely';
import * as Y from 'yjs';
import { compact } from '../../collab/log/compact.ts';
import { createSnapshotBuilder } from '../../collab/log/snapshot-builder.ts';
import { destroyClients, yWebsocketClient } from '../support/clients.ts';
import { startTestCollab } from '../support/collab.ts';
import { databaseEngines } from '../support/databases.ts';
import { recordLog } from '../support/record-log.ts';
import { waitFor } from '../support/wait-for.ts';
import { openTestLog, typist, words, type TestLog } from './log-support.ts';

function compactNow(t: TestContext, log: TestLog) {
  const builder = createSnapshotBuilder();
  t.after(() => builder.close());
  return (key: string) => compact({ ...log.deps, builder }, key);
}

/** One bit of the middle of it is the other way round. */
function flipped(data: Uint8Array): Buffer {
  const copy = Buffer.from(data);
  copy[copy.length >> 1]! ^= 1;
  return copy;
}

async function damageUpdate(log: TestLog, id: string): Promise<Uint8Array> {
  const row = log.db.selectFrom('document_updates').select('data').where('id', '=', id);
  const data = flipped((await row.executeTakeFirstOrThrow()).data);
  await log.db.updateTable('document_updates').set({ data }).where('id', '=', id).execute();
  return data;
}

async function damageSnapshot(log: TestLog, generation: string, part: number): Promise<void> {
  const row = log.db.selectFrom('document_snapshots').select('data').where('generation', '=', generation);
  const data = flipped((await row.where('part', '=', part).executeTakeFirstOrThrow()).data);
  await log.db
    .updateTable('document_snapshots')
    .set({ data })
    .where('generation', '=', generation)
    .where('part', '=', part)
    .execute();
}

for (const engine of databaseEngines) {
  describe(`quarantine on ${engine.name}`, { skip: engine.skip }, () => {
    test('[LOG12] D14: a flipped bit in an update takes this update out, and nothing else', async (t) => {
      const lines = recordLog();
      const log = await openTestLog(t, engine, lines.log);
      const document = await log.document();
      const other = await log.document('other');
      const hand = typist();
      hand.type(...words(10));
      const records = log.records(document, hand.updates);
      await log.store([...records, ...log.records(other, hand.updates)]);
      const damaged = await damageUpdate(log, records[6]!.id);

      // What came after the lost word waits for it.
      assert.equal(await log.text(document.name), words(6).join(''));
      assert.equal(await log.text(document.name), words(6).join(''));
      const [row, ...more] = await log.quarantined();
      assert.deepEqual(more, []);
      assert.deepEqual(
        [row!.kind, row!.source, row!.document, row!.epoch, row!.user_id, row!.reason],
        ['row', records[6]!.id, document.key, document.epoch, 'u', 'the checksum of part 0 is wrong'],
      );
      assert.deepEqual(Buffer.from(row!.data), damaged);
      assert.equal(lines.text().match(/a damaged part of a document is in quarantine/g)?.length, 1);
      assert.match(lines.text(), new RegExp(`"level":"?(error|50)"?.*${records[6]!.id}`));
      assert.equal(await log.text(other.name), words(10).join(''));

      // A client that has it heals the document by syncing.
      const server = await log.load(document.name);
      Y.applyUpdate(server, Y.encodeStateAsUpdate(hand.doc, Y.encodeStateVector(server)));
      assert.equal(server.getText('f:main').toJSON(), words(10).join(''));
    });

    test('[LOG12] D14: rows without a checksum, a missing part, and bytes that are no update', async (t) => {
      const log = await openTestLog(t, engine);
      const document = await log.document();
      const hand = typist();
      hand.type('sound ', 'x'.repeat(1_200_000), 'never seen');
      const records = log.records(document, [...hand.updates, new Uint8Array([9, 9, 9, 9]), new Uint8Array([9])]);
      await log.store(records);
      const [, large, , , last] = records.map(({ id }) => id);
      await log.db.updateTable('document_updates').set({ crc: null }).where('id', '!=', last!).execute();
      await log.db.deleteFrom('document_updates').where('id', '=', large!).where('part', '=', 0).execute();
      assert.equal(await log.text(document.name), 'sound ');
      assert.deepEqual(
        (await log.quarantined()).map(({ source, part, reason }) => [source, part, reason]),
        [
          [large, 1, 'part 0 is missing'],
          [records[3]!.id, 0, 'it is no Yjs update'],
          [last, 0, 'it is no Yjs update'],
        ],
      );
    });

    test('[LOG12] D14: in place of a damaged snapshot the one before it is opened, with all rows', async (t) => {
      const log = await openTestLog(t, engine);
      const document = await log.document();
      const compaction = compactNow(t, log);
      const hand = typist();
      const write = async (...typed: string[]) => {
        hand.type(...typed);
        await log.store(log.records(document, hand.updates.splice(0)));
      };
      await write('first ');
      await compaction(document.key);
      await write('x'.repeat(1_200_000));
      await compaction(document.key);
      const { generations, snapshot } = await log.state(document.key);
      // A row on top of each: one that follows the second, and one that stands for itself.
      await write('third ');
      const alone = typist('other');
      alone.type('alone');
      await log.store(log.records(document, alone.updates));
      await damageSnapshot(log, snapshot!, 1);

      const opened = await log.load(document.name);
      assert.equal(opened.getText('f:main').toJSON(), 'first ');
      assert.equal(opened.getText('f:other').toJSON(), 'alone');
      assert.equal((await log.state(document.key)).snapshot, generations[0]);
      assert.deepEqual(
        (await log.quarantined()).map(({ kind, source, part }) => [kind, source, part]),
        [0, 1].map((part) => ['snapshot', snapshot, part]),
      );
      Y.applyUpdate(opened, Y.encodeStateAsUpdate(hand.doc, Y.encodeStateVector(opened)));
      assert.equal(opened.getText('f:main').toJSON(), hand.text.toJSON());

      // Nothing sound is left but the rows.
      await damageSnapshot(log, generations[0]!, 0);
      const rows = await log.load(document.name);
      assert.equal(rows.getText('f:other').toJSON(), 'alone');
      assert.deepEqual(Object.keys(rows.getMap('files').toJSON()), ['main']);
      assert.equal((await log.state(document.key)).snapshot, null);
      // And when the snapshot is not there at all.
      await log.db.updateTable('documents').set({ snapshot: 'lost' }).execute();
      assert.equal((await log.load(document.name)).getText('f:other').toJSON(), 'alone');
    });

    test('[LOG13] a compaction that meets damage folds and deletes nothing, and takes the damage out first', async (t) => {
      const log = await openTestLog(t, engine);
      const document = await log.document();
      const compaction = compactNow(t, log);
      const hand = typist();
      hand.type(...words(700));
      const records = log.records(document, hand.updates.splice(0));
      await log.store(records);
      await damageUpdate(log, records[600]!.id);
      const before = await log.state(document.key);
      assert.equal((await compaction(document.key)).outcome, 'repaired');
      const { rows, snapshot } = await log.state(document.key);
      assert.deepEqual([rows.length, snapshot], [before.rows.length - 1, null]);
      assert.equal((await compaction(document.key)).outcome, 'compacted');
      assert.equal(await log.text(document.name), words(600).join(''));

      const { snapshot: current } = await log.state(document.key);
      await damageSnapshot(log, current!, 0);
      await log.store(records.slice(0, 3));
      assert.equal((await compaction(document.key)).outcome, 'repaired');
      assert.deepEqual((await log.state(document.key)).rows.length, 3);
      // Without a snapshot and without its first row the document still begins with the update of its epoch.
      assert.equal((await compaction(document.key)).outcome, 'compacted');
      const opened = await log.load(document.name);
      assert.equal(opened.getText('f:main').toJSON(), words(3).join(''));
      assert.deepEqual(Object.keys(opened.getMap('files').toJSON()), ['main']);
    });
  });

  test(
    `[LOG12] D14: stock clients on ${engine.name}: a damaged document opens, its author heals it, others notice nothing`,
    { skip: engine.skip },
    async (t) => {
      const lectern = await startTestCollab({ engine });
      t.after(() => lectern.close());
      t.after(destroyClients);
      const teacher = await lectern.user('Kim');
      const classroom = await lectern.classroom(teacher.id, 'free');
      const token = lectern.token(teacher, classroom.id);
      const author = yWebsocketClient(lectern.wsUrl, classroom.main, token);
      const other = yWebsocketClient(lectern.wsUrl, classroom.workspace(teacher.id), token);
      await Promise.all([author.synced(), other.synced()]);
      const typed = () =>
        lectern.db
          .selectFrom('document_updates')
          .select(['id', 'data', 'document'])
          .where('user_id', '=', teacher.id)
          .orderBy('id')
          .execute();
      for (const [index, word] of words(5).entries()) {
        author.text.insert(author.text.length, word);
        other.text.insert(other.text.length, word);
        // One after the other, so that each is a row.
        await waitFor(async () => (await typed()).length === 2 * (index + 1));
      }
      author.provider.disconnect();
      await lectern.restart();
      const third = (await typed()).filter((row) => row.document === classroom.main)[2]!;
      await lectern.db
        .updateTable('document_updates')
        .set({ data: flipped(third.data) })
        .where('id', '=', third.id)
        .execute();

      const reader = yWebsocketClient(lectern.wsUrl, classroom.main, token);
      await reader.synced();
      assert.equal(reader.text.toJSON(), words(2).join(''));
      await waitFor(() => other.provider.synced);
      assert.equal(other.text.toJSON(), words(5).join(''));
      author.provider.connect();
      await waitFor(() => reader.text.toJSON() === words(5).join(''), { what: 'the author to bring it back' });
      assert.deepEqual(reader.closes, []);
      const { rows } = await sql<{ source: string }>`select source from document_quarantine`.execute(lectern.db);
      assert.deepEqual(
        rows.map(({ source }) => source),
        [third.id],
      );
      await waitFor(async () => (await typed()).length === 10);
      await lectern.restart();
      const late = yWebsocketClient(lectern.wsUrl, classroom.main, token);
      await late.synced();
      assert.equal(late.text.toJSON(), words(5).join(''));
    },
  );
}
