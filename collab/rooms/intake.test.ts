import assert from 'node:assert/strict';
import test from 'node:test';
import * as Y from 'yjs';
import { examineUpdate } from '../gateway/updates.ts';
import { Intake } from './intake.ts';

/** The updates of somebody who types `words`, one each, and a server document that has none of them. */
function typed(...words: string[]) {
  const client = new Y.Doc();
  const updates: Uint8Array[] = [];
  client.on('update', (update: Uint8Array) => void updates.push(update));
  for (const word of words) client.getText('t').insert(client.getText('t').length, word);
  const server = new Y.Doc();
  const intake = new Intake<object>(server, 256 * 1024);
  const judge = (update: Uint8Array) => examineUpdate(server, 1, intake.known, update);
  return { client, updates, server, intake, judge };
}

test('[ROOM7] an update is no gap when what it builds on is still being written', () => {
  const { updates, intake, judge } = typed('a', 'b');
  assert.equal(judge(updates[1]!).verdict, 'gap');
  const first = judge(updates[0]!);
  assert.equal(first.verdict, 'new');
  intake.appended(first.ends);
  assert.equal(judge(updates[1]!).verdict, 'new');
  assert.equal(judge(updates[0]!).verdict, 'contained');
});

test('[ROOM7] held updates are tried again when something comes, and there is a limit to them', () => {
  const { updates, intake, judge } = typed('a', 'b', 'c');
  const again: string[] = [];
  const held = (index: number, from: object, userId: string, examineAgain = () => {}) =>
    intake.hold({ update: updates[index]!, from, userId, examineAgain });
  assert.ok(held(1, {}, 'kim', () => void again.push('b')));
  assert.ok(held(2, {}, 'kim', () => void again.push('c')));
  intake.appended(judge(updates[0]!).ends);
  assert.deepEqual(again, ['b', 'c']);
  const large = { update: new Uint8Array(256 * 1024 + 1), from: {}, userId: 'kim', examineAgain: () => {} };
  assert.equal(intake.hold(large), false);
  const kim = {};
  for (let index = 0; index < 50; index += 1) assert.ok(held(1, kim, 'kim'));
  assert.equal(held(1, {}, 'kim'), false);
  assert.ok(held(1, {}, 'lee'), 'one person does not take the room of another');
  intake.forget(kim);
  assert.ok(held(1, kim, 'kim'));
});

test('[ROOM7] what builds on another client, and deletions of what is not here, are gaps', () => {
  const { client, judge } = typed('abc');
  const other = new Y.Doc();
  Y.applyUpdate(other, Y.encodeStateAsUpdate(client));
  const before = Y.encodeStateVector(other);
  other.getText('t').insert(1, 'x');
  assert.equal(judge(Y.encodeStateAsUpdate(other, before)).verdict, 'gap');
  const beforeDeletion = Y.encodeStateVector(client);
  client.getText('t').delete(0, 1);
  assert.equal(judge(Y.encodeStateAsUpdate(client, beforeDeletion)).verdict, 'gap');
  assert.equal(judge(Y.encodeStateAsUpdate(other)).verdict, 'new');
});

test('[ROOM8] typing on costs its letters, a run of its own more', () => {
  const { updates, judge } = typed('한');
  assert.equal(judge(updates[0]!).addedBytes, 15);
  const { updates: next, intake, judge: judgeNext } = typed('a', 'b');
  intake.appended(judgeNext(next[0]!).ends);
  assert.equal(judgeNext(next[1]!).addedBytes, 1);
});
