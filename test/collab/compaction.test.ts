import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import * as Y from 'yjs';
import { compact } from '../../collab/log/compact.ts';
import { createCompactor, type CompactionThresholds } from '../../collab/log/compactor.ts';
import { createSnapshotBuilder } from '../../collab/log/snapshot-builder.ts';
import { databaseEngines } from '../support/databases.ts';
import { recordLog } from '../support/record-log.ts';
import { waitFor } from '../support/wait-for.ts';
import { openTestLog, typist, words, type TestLog } from './log-support.ts';

function compactNow(t: TestContext, log: TestLog) {
  const builder = createSnapshotBuilder();
  t.after(() => builder.close());
  return (key: string) => compact({ ...log.deps, builder }, key);
}

function startCompactor(t: TestContext, log: TestLog, thresholds: Partial<CompactionThresholds>, allowed = () => true) {
  const compactor = createCompactor({ ...log.deps, thresholds, allowed });
  t.after(() => compactor.close());
  return compactor;
}

async function killed(log: TestLog, key: string, moment: string): Promise<void> {
  const program = path.join(import.meta.dirname, 'log-doomed-compaction.ts');
  const child = spawn(process.execPath, [program, JSON.stringify(log.place), key, moment], { stdio: 'inherit' });
  const [, signal] = (await once(child, 'exit')) as [number | null, string | null];
  assert.equal(signal, 'SIGKILL');
}

for (const engine of databaseEngines) {
  describe(`compaction on ${engine.name}`, { skip: engine.skip }, () => {
    test('[LOG6] rows become a snapshot in parts; the generation before it stays, older ones go', async (t) => {
      const log = await openTestLog(t, engine);
      const document = await log.document();
      const other = await log.document('other');
      const compaction = compactNow(t, log);
      const hand = typist();
      const generations: string[][] = [];
      for (let round = 0; round < 3; round += 1) {
        hand.type(...words(40, round * 40), 'x'.repeat(1_500_000), 'the end ');
        await log.store(log.records(document, hand.updates.splice(0)));
        assert.equal((await compaction(document.key)).outcome, 'compacted');
        const state = await log.state(document.key);
        assert.deepEqual(state.rows, []);
        assert.equal(state.generations.at(-1), state.snapshot);
        generations.push(state.generations);
        assert.equal(await log.text(document.name), hand.text.toJSON());
      }
      const newest = generations.map((kept) => kept.at(-1));
      assert.equal(new Set(newest).size, 3);
      assert.deepEqual(generations, [[newest[0]], [newest[0], newest[1]], [newest[1], newest[2]]]);
      const sizes = await log.db.selectFrom('document_snapshots').select('data').execute();
      assert.ok(sizes.length >= 6 && sizes.every(({ data }) => data.length <= 1024 * 1024));
      assert.equal((await compaction(document.key)).outcome, 'nothing');
      assert.equal((await log.state(other.key)).rows.length, 1);
      // Still the epoch's own history: that is how clients are told apart.
      assert.ok(Y.decodeStateVector(Y.encodeStateVector(await log.load(document.name))).has(document.epoch));
    });

    test('[LOG6] what was stored while a snapshot was built stays a row', async (t) => {
      const log = await openTestLog(t, engine);
      const document = await log.document();
      const hand = typist();
      hand.type(...words(60));
      await log.store(log.records(document, hand.updates.splice(0)));
      hand.type('late ');
      const late = log.records(document, hand.updates.splice(0));
      const builder = createSnapshotBuilder();
      t.after(() => builder.close());
      const finish: typeof builder.finish = async (epoch) => {
        await log.store(late);
        return builder.finish(epoch);
      };
      await compact({ ...log.deps, builder: { ...builder, finish } }, document.key);
      assert.deepEqual((await log.state(document.key)).rows, [late[0]!.id]);
      assert.equal(await log.text(document.name), hand.text.toJSON());
    });

    test('[LOG7] D3: kill -9 at any statement of a compaction leaves all before it or all after it', async (t) => {
      const log = await openTestLog(t, engine);
      const document = await log.document();
      const compaction = compactNow(t, log);
      const hand = typist();
      const write = async (count: number) => {
        hand.type(...words(count));
        const records = log.records(document, hand.updates.splice(0));
        await log.store(records);
        return records;
      };
      await write(30);
      await compaction(document.key);
      const records = await write(1_200);
      const before = await log.state(document.key);
      // The change of the document, the snapshot, two deletions of rows, the deletion of old generations.
      const moments = [
        'UpdateQueryNode:1',
        'InsertQueryNode:1',
        'DeleteQueryNode:1',
        'DeleteQueryNode:2',
        'DeleteQueryNode:3',
      ];
      for (const moment of moments) {
        await killed(log, document.key, moment);
        assert.deepEqual(await log.state(document.key), before, moment);
        assert.equal(await log.text(document.name), hand.text.toJSON());
      }
      await killed(log, document.key, 'end');
      const after = await log.state(document.key);
      assert.deepEqual(after.rows, []);
      assert.notEqual(after.snapshot, before.snapshot);
      assert.equal(await log.text(document.name), hand.text.toJSON());

      // The journal of the dead process still has the updates.
      await log.store(records);
      assert.equal((await log.state(document.key)).rows.length, records.length);
      assert.equal(await log.text(document.name), hand.text.toJSON());
      assert.equal((await compaction(document.key)).outcome, 'compacted');
      assert.equal(await log.text(document.name), hand.text.toJSON());
      assert.deepEqual((await log.state(document.key)).rows, []);
    });

    test('[LOG8] nodes that write, load and compact one document at once lose and double nothing', async (t) => {
      const log = await openTestLog(t, engine);
      const document = await log.document();
      const nodes = [compactNow(t, log), compactNow(t, log), compactNow(t, log)];
      const hands = ['main', 'b', 'c'].map((file) => typist(file));
      let writing = true;
      const typedIn = (doc: Y.Doc) => ['main', 'b', 'c'].map((file) => doc.getText(`f:${file}`).toJSON()).join('');
      const outcomes: string[] = [];
      const compacted = () => outcomes.filter((outcome) => outcome === 'compacted').length;
      const writers = hands.map(async (hand) => {
        for (let batch = 0; compacted() < 15; batch += 1) {
          hand.type(...words(20, batch * 20));
          await log.store(log.records(document, hand.updates.splice(0)));
        }
      });
      const compactions = nodes.map(async (node) => {
        while (writing) outcomes.push((await node(document.key)).outcome);
      });
      const loads = (async () => {
        let least = 0;
        while (writing) {
          const length = typedIn(await log.load(document.name)).length;
          assert.ok(length >= least, 'what was once there is always there');
          least = length;
        }
      })();
      await Promise.all(writers);
      writing = false;
      await Promise.all([...compactions, loads]);
      const typed = typedIn(await log.load(document.name));
      assert.equal(typed, hands.map(({ text }) => text.toJSON()).join(''));
      t.diagnostic(`${compacted()} of ${outcomes.length} compactions, ${typed.length} characters`);
    });
  });
}

const [sqlite] = databaseEngines;

test('[LOG6] by rows, by bytes, and few rows when it has become quiet', async (t) => {
  const log = await openTestLog(t, sqlite!);
  const compactor = startCompactor(t, log, { rows: 100, bytes: 10_000, quietRows: 10, quietMs: 300 });
  const documents = await Promise.all(['rows', 'bytes', 'quiet', 'few'].map((id) => log.document(id)));
  const counts = [100, 1, 10, 9];
  for (const [index, document] of documents.entries()) {
    const hand = typist();
    hand.type(...(index === 1 ? ['x'.repeat(10_000)] : words(counts[index]!)));
    const bytes = hand.updates.reduce((sum, update) => sum + update.length, 0);
    await log.store(log.records(document, hand.updates));
    compactor.stored(document.key, counts[index]!, bytes);
  }
  const rows = async () => Promise.all(documents.map(async ({ key }) => (await log.state(key)).rows.length));
  await waitFor(async () => (await rows()).slice(0, 3).every((count) => count === 0));
  assert.deepEqual(await rows(), [0, 0, 0, 10]);
});

test('[LOG6] a document that is loaded with a long log is compacted', async (t) => {
  const log = await openTestLog(t, sqlite!);
  const document = await log.document();
  const hand = typist();
  hand.type(...words(100));
  await log.store(log.records(document, hand.updates));
  const compactor = startCompactor(t, log, { rows: 50 });
  Object.assign(log.deps, { writePath: compactor });
  assert.equal(await log.text(document.name), hand.text.toJSON());
  await waitFor(async () => (await log.state(document.key)).rows.length === 0);
  assert.equal(await log.text(document.name), hand.text.toJSON());
});

test('[LOG9] what waits for a missing update outlives the compaction, and is there when it comes', async (t) => {
  const log = await openTestLog(t, sqlite!);
  const document = await log.document();
  const hand = typist();
  hand.type(...words(60));
  const records = log.records(document, hand.updates);
  const [missing] = records.splice(20, 1);
  await log.store(records);
  assert.equal((await compactNow(t, log)(document.key)).outcome, 'compacted');
  assert.equal(await log.text(document.name), words(20).join(''));
  await log.store([missing!]);
  assert.equal(await log.text(document.name), words(60).join(''));
});

test('[LOG10] a compaction waits while the database has trouble, and is tried again when it failed', async (t) => {
  const lines = recordLog();
  const log = await openTestLog(t, sqlite!, lines.log);
  const document = await log.document();
  const hand = typist();
  hand.type(...words(60));
  await log.store(log.records(document, hand.updates));
  let allowed = false;
  let asked = 0;
  const compactor = startCompactor(t, log, { rows: 50, quietMs: 20 }, () => {
    asked += 1;
    return allowed;
  });
  compactor.stored(document.key, 60, 1_000);
  await waitFor(() => asked > 3);
  assert.equal((await log.state(document.key)).rows.length, 61);

  await log.db.schema.alterTable('document_snapshots').renameTo('not_there').execute();
  allowed = true;
  await waitFor(() => lines.text().includes('a document could not be compacted'));
  await log.db.schema.alterTable('not_there').renameTo('document_snapshots').execute();
  assert.equal((await log.state(document.key)).rows.length, 61);
  await waitFor(async () => (await log.state(document.key)).rows.length === 0, { withinMs: 10_000 });
  assert.equal(await log.text(document.name), hand.text.toJSON());
});
