import assert from 'node:assert/strict';
import test from 'node:test';
import { closeCodes } from './close-codes.ts';

test('[CON7] a close code stops the stock client exactly when it is between 4400 and 4499', () => {
  for (const [name, { code, reason, client }] of Object.entries(closeCodes)) {
    assert.equal(client, code >= 4400 && code <= 4499 ? 'stops' : 'retries', name);
    // RFC 6455, 5.5.1: a close frame holds 125 bytes, two of them the code; 7.4.2: what a server may send.
    assert.ok(Buffer.byteLength(reason) <= 123, name);
    assert.ok(
      (code >= 1000 && code < 1015 && ![1004, 1005, 1006].includes(code)) || (code >= 4000 && code < 5000),
      name,
    );
  }
  const codes = Object.values(closeCodes).map(({ code }) => code);
  assert.equal(new Set(codes).size, codes.length);
});
