import assert from 'node:assert/strict';
import test from 'node:test';
import * as Y from 'yjs';
import { openTextShelf } from '../src/classroom/text-shelf.ts';
import { clockOf, compareTexts, hasArrived } from '../src/document/recovery.ts';

/** A tab's storage that takes only so many characters. */
function tabStorage(limit = Infinity): Storage {
  const items = new Map<string, string>();
  return {
    getItem: (key: string) => items.get(key) ?? null,
    setItem(key: string, value: string) {
      if (value.length > limit) throw new DOMException('full', 'QuotaExceededError');
      items.set(key, value);
    },
    removeItem: (key: string) => void items.delete(key),
  } as unknown as Storage;
}

const texts = (text: string, clientId = 7) => ({
  document: 'c:1:main',
  clientId,
  clock: text.length,
  files: [{ id: 'main', path: 'main.py', language: 'python', text }],
});

test('[WEB27] what is kept is there after a reload, newest state of each window, until it is decided on', () => {
  const storage = tabStorage();
  const shelf = openTextShelf(storage, 'key');
  shelf.keep(texts('a'));
  const { id } = shelf.keep(texts('ab'));
  shelf.keep(texts('other', 8));
  assert.deepEqual(
    openTextShelf(storage, 'key')
      .all()
      .map(({ taken }) => taken.files[0]!.text),
    ['ab', 'other'],
  );
  const copy = compareTexts('c:1:main', texts('ab').files, []);
  shelf.judge(id, copy);
  assert.deepEqual(openTextShelf(storage, 'key').all()[0]!.copy, copy);
  for (const entry of shelf.all()) shelf.judge(entry.id, undefined);
  assert.deepEqual(openTextShelf(storage, 'key').all(), []);
  assert.deepEqual(openTextShelf(storage, 'another key').all(), []);
});

test('[WEB27] text that is too long for the browser stays in memory, and this is known', () => {
  const shelf = openTextShelf(tabStorage(1000), 'key');
  const { id } = shelf.keep(texts('x'.repeat(2000)));
  assert.equal(shelf.isSafe(), false);
  assert.equal(shelf.all().length, 1);
  shelf.judge(id, undefined);
  assert.equal(shelf.isSafe(), true);
});

test('[WEB27] what somebody else left in the storage does no harm', () => {
  for (const junk of ['no json', '{}', '[{"id":1}]', 'null']) {
    const storage = tabStorage();
    storage.setItem('key', junk);
    assert.deepEqual(openTextShelf(storage, 'key').all(), []);
  }
});

test('[WEB10] what has arrived is not offered, whatever others have made of the text since', () => {
  const mine = new Y.Doc();
  mine.getText('f:main').insert(0, 'mine');
  const taken = { document: 'c:1:main', clientId: mine.clientID, clock: clockOf(mine), files: [] };
  const fresh = new Y.Doc();
  assert.equal(hasArrived(taken, fresh), false);
  Y.applyUpdate(fresh, Y.encodeStateAsUpdate(mine));
  fresh.getText('f:main').delete(0, 4);
  assert.equal(hasArrived(taken, fresh), true);
  mine.getText('f:main').insert(4, ' more');
  assert.equal(hasArrived({ ...taken, clock: clockOf(mine) }, fresh), false);
});
