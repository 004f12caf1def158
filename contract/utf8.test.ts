import assert from 'node:assert/strict';
import { test } from 'node:test';
import { utf8Head, utf8Tail } from './utf8.ts';

const bytes = (text: string) => Buffer.byteLength(text);

test('[RUN20] the head and the tail of a text hold whole characters within their bytes', () => {
  const text = 'a한🙂é'.repeat(50);
  for (let max = 0; max <= 40; max += 1) {
    const head = utf8Head(text, max);
    const tail = utf8Tail(text, max);
    assert.ok(text.startsWith(head) && text.endsWith(tail), `at ${max}`);
    for (const part of [head, tail]) {
      assert.ok(part.isWellFormed(), `at ${max}`);
      // The widest character has four bytes: a longer part would have fitted if more than three were left.
      assert.ok(bytes(part) <= max && bytes(part) > max - 4, `${bytes(part)} of ${max}`);
    }
  }
});

test('[RUN20] a text that fits is kept whole', () => {
  for (const text of ['', 'plain', '한글 🙂']) {
    assert.equal(utf8Head(text, bytes(text)), text);
    assert.equal(utf8Tail(text, bytes(text)), text);
  }
});
