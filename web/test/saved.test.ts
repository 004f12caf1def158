import assert from 'node:assert/strict';
import test from 'node:test';
import * as encoding from 'lib0/encoding';
import { writeSyncStep1, writeSyncStep2, writeUpdate } from 'y-protocols/sync';
import * as Y from 'yjs';
import { countedFrame, emptyLedger, enter, savedState, type Ledger, type LedgerEvent } from '../src/document/saved.ts';

const after = (...events: LedgerEvent[]): Ledger => events.reduce(enter, emptyLedger);
const opened: LedgerEvent = { type: 'opened' };
const answer: LedgerEvent = { type: 'sent', frame: 'answer' };
const update: LedgerEvent = { type: 'sent', frame: 'update' };
const edited = (sent: boolean): LedgerEvent => ({ type: 'edited', sent });
const stored = (count: number): LedgerEvent => ({ type: 'stored', count });
const well = { connected: true, storing: true, late: false };

test('[WEB1] an edit is saved when as many frames are stored as this socket has sent', () => {
  const typed = after(opened, answer, stored(1), update, edited(true), update, edited(true));
  assert.equal(savedState(typed, well), 'saving');
  assert.equal(savedState(enter(typed, stored(2)), well), 'saving');
  assert.equal(savedState(enter(typed, stored(3)), well), 'saved');
});

test('[WEB1] what was typed offline is not saved before the answer that carries it', () => {
  const offline = after(opened, answer, stored(1), edited(false));
  assert.equal(savedState(offline, { ...well, connected: false }), 'unsaved');
  // A new socket begins to count anew, and an update that overtakes the answer says nothing about what came before.
  const back = [opened, update, edited(true), stored(1)].reduce(enter, offline);
  assert.equal(savedState(back, well), 'saving');
  assert.equal(savedState([answer, stored(1)].reduce(enter, back), well), 'saving');
  assert.equal(savedState([answer, stored(2)].reduce(enter, back), well), 'saved');
});

test('[WEB1] an edit that a dying socket did not take waits for the next one', () => {
  const dying = after(opened, answer, update, edited(true), edited(false), stored(2));
  assert.equal(savedState(dying, well), 'saving');
  assert.equal(savedState([opened, answer, stored(1)].reduce(enter, dying), well), 'saved');
});

test('[WEB2] typing that waits for storage is called unsaved: offline, buffering or late', () => {
  const typed = after(opened, answer, update, edited(true));
  assert.equal(savedState(typed, { ...well, connected: false }), 'unsaved');
  assert.equal(savedState(typed, { ...well, storing: false }), 'unsaved');
  assert.equal(savedState(typed, { ...well, late: true }), 'unsaved');
  assert.equal(savedState(emptyLedger, { connected: false, storing: false, late: true }), 'saved');
});

test('[WEB1] the frames counted are those of y-protocols that carry updates, empty ones included', () => {
  const doc = new Y.Doc();
  const frame = (type: number, write: (encoder: encoding.Encoder) => void) =>
    encoding.encode((encoder) => {
      encoding.writeVarUint(encoder, type);
      write(encoder);
    });
  assert.equal(countedFrame(frame(0, (encoder) => writeSyncStep2(encoder, doc))), 'answer');
  assert.equal(countedFrame(frame(0, (encoder) => writeUpdate(encoder, Y.encodeStateAsUpdate(doc)))), 'update');
  assert.equal(countedFrame(frame(0, (encoder) => writeSyncStep1(encoder, doc))), undefined);
  assert.equal(
    countedFrame(frame(1, (encoder) => encoding.writeVarUint8Array(encoder, new Uint8Array([1, 2])))),
    undefined,
  );
  assert.equal(countedFrame('text'), undefined);
});
