import assert from 'node:assert/strict';
import { createHmac, hkdfSync } from 'node:crypto';
import test from 'node:test';
import { createTokens, type TokenKind } from './tokens.ts';

const secret = 'a secret of more than thirty-two bytes';
const issuer = 'https://class.example.org';
const time = { ms: 1_700_000_000_000 };
const clock = { now: () => time.ms };
const tokens = createTokens({ secret, issuer, clock });

const access = { sub: 'u1', sid: 's1' };
const collab = { sub: 'u1', sid: 's1', cls: 'k1' };

/** A token made by hand, with the key this kind really has. */
function forge(kind: TokenKind, header: object, payload: object, hash = 'sha256'): string {
  const key = Buffer.from(hkdfSync('sha256', secret, '', `lectern ${kind} v1`, 32));
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${part(header)}.${part(payload)}`;
  return `${signed}.${createHmac(hash, key).update(signed).digest('base64url')}`;
}

const goodHeader = { alg: 'HS256', typ: 'access' };
const goodPayload = { ...access, iss: issuer, aud: 'access', iat: time.ms / 1000, exp: time.ms / 1000 + 60 };

test('[TOK1] a token gives back its claims, and nothing else', () => {
  assert.deepEqual(tokens.verify('access', tokens.sign('access', access).token), access);
  assert.deepEqual(tokens.verify('collab', tokens.sign('collab', collab).token), collab);
  assert.deepEqual(tokens.verify('access', forge('access', goodHeader, { ...goodPayload, admin: true })), access);
});

test('[TOK2] a token of one kind is nothing to another', () => {
  assert.equal(tokens.verify('collab', tokens.sign('access', access).token), undefined);
  assert.equal(tokens.verify('access', tokens.sign('collab', collab).token), undefined);
  for (const [header, payload] of [
    [{ ...goodHeader, typ: 'collab' }, goodPayload],
    [{ ...goodHeader, typ: 'JWT' }, goodPayload],
    [{ alg: 'HS256' }, goodPayload],
    [goodHeader, { ...goodPayload, aud: 'collab' }],
    [goodHeader, { ...goodPayload, aud: undefined }],
  ] as const) {
    assert.equal(tokens.verify('access', forge('access', header, payload)), undefined);
  }
});

test('[TOK3] only the pinned algorithm counts: none, another hash and a changed payload are refused', () => {
  const unsigned = forge('access', { ...goodHeader, alg: 'none' }, goodPayload);
  assert.equal(tokens.verify('access', unsigned), undefined);
  assert.equal(tokens.verify('access', `${unsigned.slice(0, unsigned.lastIndexOf('.'))}.`), undefined);
  const otherHash = forge('access', { ...goodHeader, alg: 'HS512' }, goodPayload, 'sha512');
  assert.equal(tokens.verify('access', otherHash), undefined);
  const [header, , signature] = tokens.sign('access', access).token.split('.');
  const payload = Buffer.from(JSON.stringify({ ...goodPayload, sub: 'u2' })).toString('base64url');
  assert.equal(tokens.verify('access', `${header}.${payload}.${signature}`), undefined);
});

test('[TOK4] a token ends on time: an access token after 15 minutes, a collab token after 12 hours', (t) => {
  const startMs = time.ms;
  t.after(() => (time.ms = startMs));
  for (const [kind, claims, seconds] of [
    ['access', access, 900],
    ['collab', collab, 43_200],
  ] as const) {
    time.ms = startMs;
    const { token, expiresIn } = kind === 'access' ? tokens.sign(kind, claims) : tokens.sign(kind, claims);
    assert.equal(expiresIn, seconds);
    time.ms = startMs + seconds * 1000 - 1;
    assert.deepEqual(tokens.verify(kind, token), claims);
    time.ms = startMs + seconds * 1000;
    assert.equal(tokens.verify(kind, token), undefined);
  }
});

test('[TOK5] a token of another issuer or another secret is refused', () => {
  const elsewhere = createTokens({ secret, issuer: 'https://other.example.org', clock });
  const stranger = createTokens({ secret: `${secret}!`, issuer, clock });
  for (const other of [elsewhere, stranger]) {
    assert.deepEqual(other.verify('access', other.sign('access', access).token), access);
    assert.equal(tokens.verify('access', other.sign('access', access).token), undefined);
    assert.equal(other.verify('access', tokens.sign('access', access).token), undefined);
  }
});

test('[TOK6] whatever is given as a token, verifying never throws', () => {
  const junk = ['', '.', '..', 'a.b.c', 'null', '{}', '\u0000', 'e30.e30.', 'x'.repeat(100_000), '한글.한글.한글'];
  for (const token of junk) assert.equal(tokens.verify('access', token), undefined);
  for (const claims of [{ sub: 'u/1' }, { sid: undefined }, { sub: 1 }, { sub: '' }]) {
    assert.equal(tokens.verify('access', forge('access', goodHeader, { ...goodPayload, ...claims })), undefined);
  }
});
