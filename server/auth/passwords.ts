import crypto from 'node:crypto';
import { promisify } from 'node:util';

/*
 * Passwords are kept as PHC strings, `$argon2id$v=19$m=…,t=…,p=…$salt$hash` or `$scrypt$ln=…,r=…,p=…$salt$hash`, which
 * say how they were made. All work is done on Node's own thread pool and never blocks the event loop.
 */

type Algorithm = 'argon2id' | 'scrypt';

/** After the OWASP Password Storage Cheat Sheet. */
const settings: Record<Algorithm, string> = { argon2id: 'v=19$m=19456,t=2,p=1', scrypt: 'ln=17,r=8,p=1' };
const saltBytes = 16;
const hashBytes = 32;

/** Argon2id where Node has it (24.7 and later), else scrypt. */
const bestAlgorithm: Algorithm = typeof crypto.argon2 === 'function' ? 'argon2id' : 'scrypt';

/** What is checked against where there is no hash to check against: as much work, and it fits no password. */
const noPassword = toPhc(bestAlgorithm, crypto.randomBytes(saltBytes), crypto.randomBytes(hashBytes));

/** Hashes a password with a fresh salt. */
export async function hashPassword(password: string, algorithm: Algorithm = bestAlgorithm): Promise<string> {
  const salt = crypto.randomBytes(saltBytes);
  return toPhc(algorithm, salt, await derive(algorithm, settings[algorithm], password, salt, hashBytes));
}

/**
 * Does the password fit? Without a stored hash (no such account, or one without a password) the same work is done and
 * the answer is false, so that time tells nothing. Throws when this Node cannot compute the stored kind of hash.
 */
export async function verifyPassword(password: string, stored: string | null): Promise<boolean> {
  const match = /^\$(argon2id|scrypt)\$([a-z0-9=,$]+)\$([\w+/]+)\$([\w+/]+)$/.exec(stored ?? noPassword);
  if (match === null) throw new Error('a stored password hash is not one of ours');
  const [salt, hash] = [Buffer.from(match[3]!, 'base64'), Buffer.from(match[4]!, 'base64')];
  const computed = await derive(match[1] as Algorithm, match[2]!, password, salt, hash.length);
  return crypto.timingSafeEqual(computed, hash);
}

async function derive(
  algorithm: Algorithm,
  how: string,
  password: string,
  salt: Buffer,
  length: number,
): Promise<Buffer> {
  // One keyboard sends 각 as one code point, another as three: NFKC makes them the same password (NIST SP 800-63B).
  const message = password.normalize('NFKC');
  const setting = (name: string) => Number(new RegExp(`\\b${name}=(\\d+)`).exec(how)?.[1]);
  if (algorithm === 'argon2id') {
    if (typeof crypto.argon2 !== 'function') throw new Error('Argon2id hashes need Node 24.7 or later');
    return promisify(crypto.argon2)('argon2id', {
      message,
      nonce: salt,
      memory: setting('m'),
      passes: setting('t'),
      parallelism: setting('p'),
      tagLength: length,
    });
  }
  const [N, r, p] = [2 ** setting('ln'), setting('r'), setting('p')];
  return new Promise((resolve, reject) => {
    crypto.scrypt(message, salt, length, { N, r, p, maxmem: 256 * N * r }, (error, key) =>
      error ? reject(error) : resolve(key),
    );
  });
}

function toPhc(algorithm: Algorithm, salt: Buffer, hash: Buffer): string {
  // The notation has no padding.
  const [salt64, hash64] = [salt, hash].map((bytes) => bytes.toString('base64').replace(/=+$/, ''));
  return `$${algorithm}$${settings[algorithm]}$${salt64}$${hash64}`;
}
