import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Request } from 'express';
import { clientAddress } from './client-address.ts';

const of = (ip: string) => clientAddress({ ip } as Request);

test('[HTTP22] a network of 64 bits is one address', () => {
  assert.equal(of('2001:db8:1:2:aaaa::1'), of('2001:db8:1:2:bbbb:c:d:e'));
  assert.equal(of('2001:0db8:1:2::1'), of('2001:db8:0001:2::ffff'));
  assert.notEqual(of('2001:db8:1:2::1'), of('2001:db8:1:3::1'));
  assert.equal(of('::1'), of('::2'));
  assert.equal(of('fe80::1%eth0'), of('fe80::2'));
});

test('[HTTP22] an IPv4 address in IPv6 notation is itself', () => {
  assert.equal(of('::ffff:192.0.2.7'), '192.0.2.7');
  assert.equal(of('192.0.2.7'), '192.0.2.7');
});
