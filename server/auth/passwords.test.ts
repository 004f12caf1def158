import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { test } from 'node:test';
import { AppError } from '#contract/errors.ts';
import { createGate } from './gate.ts';
import { hashPassword, verifyPassword } from './passwords.ts';

const needsArgon2 = { skip: typeof crypto.argon2 === 'function' ? false : 'this Node has no Argon2' };

test('[ACC2] a hash says how it was made, and is made anew each time', needsArgon2, async () => {
  const [first, second] = await Promise.all([hashPassword('correct horse'), hashPassword('correct horse')]);
  assert.match(first, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}$/);
  assert.notEqual(first, second);
  assert.equal(await verifyPassword('correct horse', first), true);
  assert.equal(await verifyPassword('Correct horse', first), false);
});

test('[ACC2] scrypt stands in where there is no Argon2', async () => {
  const stored = await hashPassword('correct horse', 'scrypt');
  assert.match(stored, /^\$scrypt\$ln=17,r=8,p=1\$[\w+/]{22}\$[\w+/]{43}$/);
  assert.equal(await verifyPassword('correct horse', stored), true);
  assert.equal(await verifyPassword('correct horse ', stored), false);
});

test('[ACC2] the test vector of the reference implementation of Argon2 verifies', needsArgon2, async () => {
  const stored = '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc';
  assert.equal(await verifyPassword('password', stored), true);
  assert.equal(await verifyPassword('passwore', stored), false);
});

test('[ACC2] the test vector of RFC 7914 §12 verifies', async () => {
  const salt = Buffer.from('SodiumChloride').toString('base64').replace(/=+$/, '');
  // The first 32 of its 64 bytes: scrypt ends in PBKDF2, whose longer output begins with the shorter one.
  const hash = Buffer.from('7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2', 'hex');
  const stored = `$scrypt$ln=14,r=8,p=1$${salt}$${hash.toString('base64').replace(/=+$/, '')}`;
  assert.equal(await verifyPassword('pleaseletmein', stored), true);
});

test('[ACC2] what is not a hash of ours is an error, not a wrong password', async () => {
  for (const stored of ['', 'plain', '$2b$10$abcdefghijklmnopqrstuv', '$argon2i$v=19$m=8,t=1,p=1$c2FsdA$aGFzaA'])
    await assert.rejects(verifyPassword('plain', stored), /not one of ours/);
});

test('[ACC3] composed and decomposed characters are the same password', async () => {
  const stored = await hashPassword('비밀번호é'.normalize('NFC'));
  assert.equal(await verifyPassword('비밀번호é'.normalize('NFD'), stored), true);
});

test('[ACC4] without a stored hash the same work is done in vain', async () => {
  const stored = await hashPassword('correct horse');
  const took = async (hash: string | null) => {
    const startedAt = performance.now();
    for (let round = 0; round < 5; round += 1) assert.equal(await verifyPassword('wrong', hash), false);
    return performance.now() - startedAt;
  };
  await took(stored);
  const [known, unknown] = [await took(stored), await took(null)];
  assert.ok(unknown > known / 3, `${unknown} ms against ${known} ms`);
});

test('[ACC19] the event loop goes on turning while a password is hashed', async () => {
  let turns = 0;
  const timer = setInterval(() => (turns += 1), 1);
  await Promise.all([hashPassword('one', 'scrypt'), hashPassword('two')]);
  clearInterval(timer);
  assert.ok(turns >= 5, `${turns} turns`);
});

test('[ACC19] the gate lets a few through at a time, first come first served', async () => {
  const gate = createGate({ width: 2, maxWaiting: 10 });
  const order: number[] = [];
  let inside = 0;
  let most = 0;
  const work = (index: number) => async () => {
    inside += 1;
    most = Math.max(most, inside);
    order.push(index);
    await new Promise((resolve) => setImmediate(resolve));
    inside -= 1;
    if (index === 3) throw new Error('a failure frees its place');
    return index;
  };
  const results = await Promise.allSettled([0, 1, 2, 3, 4, 5, 6].map((index) => gate(work(index))));
  assert.equal(most, 2);
  assert.deepEqual(order, [0, 1, 2, 3, 4, 5, 6]);
  assert.deepEqual(
    results.map((result) => result.status === 'fulfilled'),
    [true, true, true, false, true, true, true],
  );
  assert.equal(await gate(async () => 'again'), 'again');
});

test('[ACC19] who comes when too many wait is told to come back', async () => {
  const gate = createGate({ width: 1, maxWaiting: 1 });
  let open = () => {};
  const first = gate(() => new Promise<void>((resolve) => (open = resolve)));
  const second = gate(async () => 'second');
  await assert.rejects(
    gate(async () => 'third'),
    (error) => error instanceof AppError && error.code === 'unavailable' && error.retryAfterSeconds === 5,
  );
  open();
  await first;
  assert.equal(await second, 'second');
});
