import assert from 'node:assert/strict';
import { appendFile, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { createLog } from '#platform/log.ts';
import { waitFor } from '../../test/support/wait-for.ts';
import { openJournal } from './journal.ts';
import { decodeRecords, encodeRecord, type JournalRecord } from './record.ts';

const log = createLog({ level: 'silent' });

async function directoryFor(t: TestContext): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), 'lectern-journal-'));
  t.after(() => rm(directory, { recursive: true }));
  return directory;
}

function record(id: number, bytes = 20): JournalRecord {
  const update = new Uint8Array(bytes).fill(id % 251);
  return {
    id: `id-${id}`,
    document: 'c:x:main',
    epoch: 1,
    userId: id % 2 === 0 ? 'someone' : undefined,
    at: id,
    update,
  };
}

test('[LOG1] what was committed and not released is there at the next start, in order', async (t) => {
  const directory = await directoryFor(t);
  const journal = await openJournal({ directory, log, segmentBytes: 4_000 });
  const committed: string[] = [];
  const records = Array.from({ length: 500 }, (_, index) => record(index));
  for (const item of records) journal.append(item, () => void committed.push(item.id));
  await waitFor(() => committed.length === 500);
  assert.deepEqual(
    committed,
    records.map(({ id }) => id),
  );
  journal.release(records.slice(0, 100));
  await journal.close();

  const next = await openJournal({ directory, log });
  t.after(() => next.close());
  const ids = next.recovered.map(({ id }) => id);
  // Whole segments are released, so some of the released ones may come again; none of the others may be missing.
  assert.deepEqual(
    ids.slice(-400),
    records.slice(100).map(({ id }) => id),
  );
  assert.deepEqual(next.recovered.at(-1), records.at(-1));
});

test('[LOG5] segments go when the database has all of them', async (t) => {
  const directory = await directoryFor(t);
  const journal = await openJournal({ directory, log, segmentBytes: 4_000 });
  let committed = 0;
  const records = Array.from({ length: 300 }, (_, index) => record(index, 100));
  for (const item of records) {
    journal.append(item, () => void (committed += 1));
    await waitFor(() => committed > item.at);
  }
  assert.ok((await readdir(directory)).length > 5);
  journal.release(records);
  await waitFor(async () => (await readdir(directory)).length <= 1, { what: 'the full segments to go' });
  await journal.close();
  assert.deepEqual(await readdir(directory), []);
});

test('[LOG3] a torn record is passed over, and all before it are kept', async (t) => {
  const directory = await directoryFor(t);
  const journal = await openJournal({ directory, log });
  let committed = 0;
  for (let index = 0; index < 10; index += 1) journal.append(record(index), () => void (committed += 1));
  await waitFor(() => committed === 10);
  await journal.close();
  const [file] = await readdir(directory);
  await appendFile(path.join(directory, file!), encodeRecord(record(10)).subarray(0, -1));
  const next = await openJournal({ directory, log });
  assert.equal(next.recovered.length, 10);
  await next.close();
});

test('[LOG3] no cut and no flipped byte makes a segment unreadable before the damage', () => {
  const frames = Array.from({ length: 5 }, (_, index) => encodeRecord(record(index)));
  const whole = Buffer.concat(frames);
  for (let at = 0; at < whole.length; at += 1) {
    const intact = frames.findIndex((_, index) => Buffer.concat(frames.slice(0, index + 1)).length > at);
    assert.equal(decodeRecords(whole.subarray(0, at)).records.length, intact, `cut at ${at}`);
    const flipped = Buffer.from(whole);
    flipped[at]! ^= 0xff;
    assert.equal(decodeRecords(flipped).records.length, intact, `flipped at ${at}`);
  }
});
