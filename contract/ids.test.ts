import assert from 'node:assert/strict';
import test from 'node:test';
import { idSchema } from './ids.ts';

test('[CON8] an id is 1 to 64 characters of A-Z, a-z, 0-9, _ and -', () => {
  for (const id of ['a', 'A-z_09', 'x'.repeat(64)]) assert.equal(idSchema.safeParse(id).success, true, id);
  for (const id of ['', 'x'.repeat(65), 'a b', 'a/b', 'a:b', '../a', 'ä', 'a\n', 1, null]) {
    assert.equal(idSchema.safeParse(id).success, false, JSON.stringify(id));
  }
});
