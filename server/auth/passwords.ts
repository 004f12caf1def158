import crypto from 'node:crypto';
import { promisify } from 'node:util';

/*
 * Passwords are kept as PHC strings (`$argon2id$v=19$m=…,t=…,p=…$salt$hash`, `$scrypt$ln=…,r=…,p=…$salt$hash`), which say
 * how they were made. Parameters after the OWASP Password Storage Cheat Sheet. Both functions work on Node's own thread
 * pool and never block the event loop.
 */

type Algorithm = 'argon2id' | 'scrypt';

const argon2 = { memory: 19_456, passes: 2, parallelism: 1 };
const scrypt = { ln: 17, r: 8, p: 1 };
const hashBytes = 32;
const saltBytes = 16;

/** Argon2id where Node has it (24.7 and later), else scrypt. */
export const bestAlgorithm: Algorithm = typeof crypto.argon2 === 'function' ? 'argon2id' : 'scrypt';

/** Hashes a password; the result says how, and `verifyPassword` reads it. */
export async function hashPassword(password: string, algorithm: Algorithm = bestAlgorithm): Promise<string> {
  const salt = crypto.randomBytes(saltBytes);
  const hash = await derivers[algorithm](password, salt, defaults[algorithm]);
  return `$${algorithm}$${headers[algorithm]}$${encode(salt)}$${encode(hash)}`;
}

/**
 * Does the password fit? Without a stored hash (no such account, or one without a password) the same work is done and
 * the answer is false, so that time tells nothing. Throws when this Node cannot compute the stored kind of hash.
 */
export async function verifyPassword(password: string, stored: string | null): Promise<boolean> {
  const { algorithm, parameters, salt, hash } = parse(stored ?? absent);
  const computed = await derivers[algorithm](password, salt, parameters);
  return crypto.timingSafeEqual(computed, hash) && stored !== null;
}

/** One person types 각 as one code point, another's system as three: NFKC makes them the same password (NIST SP 800-63B). */
const normalized = (password: string) => password.normalize('NFKC');

type Parameters = Record<string, number>;

const derivers: Record<Algorithm, (password: string, salt: Buffer, parameters: Parameters) => Promise<Buffer>> = {
  argon2id: async (password, salt, { m, t, p }) => {
    if (typeof crypto.argon2 !== 'function') throw new Error('Argon2id hashes need Node 24.7 or later');
    const derive = promisify(crypto.argon2);
    return derive('argon2id', {
      message: normalized(password),
      nonce: salt,
      memory: m!,
      passes: t!,
      parallelism: p!,
      tagLength: hashBytes,
    });
  },
  scrypt: (password, salt, { ln, r, p }) =>
    new Promise((resolve, reject) => {
      const cost = { N: 2 ** ln!, r: r!, p: p!, maxmem: 256 * 2 ** ln! * r! };
      crypto.scrypt(normalized(password), salt, hashBytes, cost, (error, key) =>
        error ? reject(error) : resolve(key),
      );
    }),
};

const defaults: Record<Algorithm, Parameters> = {
  argon2id: { m: argon2.memory, t: argon2.passes, p: argon2.parallelism },
  scrypt,
};

const headers: Record<Algorithm, string> = {
  argon2id: `v=19$m=${argon2.memory},t=${argon2.passes},p=${argon2.parallelism}`,
  scrypt: `ln=${scrypt.ln},r=${scrypt.r},p=${scrypt.p}`,
};

/** The PHC string format writes base64 without padding. */
const encode = (bytes: Buffer) => bytes.toString('base64').replace(/=+$/, '');

const absent = `$${bestAlgorithm}$${headers[bestAlgorithm]}$${encode(crypto.randomBytes(saltBytes))}$${encode(crypto.randomBytes(hashBytes))}`;

function parse(stored: string): { algorithm: Algorithm; parameters: Parameters; salt: Buffer; hash: Buffer } {
  const match = /^\$(argon2id|scrypt)\$(?:v=19\$)?([a-z0-9=,]+)\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/.exec(stored);
  if (match === null) throw new Error('a stored password hash is not one of ours');
  const pairs = match[2]!.split(',').map((pair) => pair.split('=') as [string, string]);
  return {
    algorithm: match[1] as Algorithm,
    parameters: Object.fromEntries(pairs.map(([name, value]) => [name, Number(value)])),
    salt: Buffer.from(match[3]!, 'base64'),
    hash: Buffer.from(match[4]!, 'base64'),
  };
}
