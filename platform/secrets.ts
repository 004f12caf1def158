import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import type { Config } from './config.ts';

const secretsSchema = z.object({ jwtSecret: z.string().min(32) });
export type Secrets = z.infer<typeof secretsSchema>;

/**
 * The secrets of this installation: those of the configuration, or else made once and kept in `secrets.json` of the
 * data directory, readable by its owner only. Two processes that start at once agree. Throws an Error that says what
 * to do when the file cannot be used: making new secrets by itself would sign everybody out.
 */
export function loadSecrets(config: Pick<Config, 'jwtSecret' | 'dataDir'>): Secrets {
  if (config.jwtSecret !== undefined) return { jwtSecret: config.jwtSecret };
  const file = path.join(config.dataDir, 'secrets.json');
  return readSecrets(file) ?? createSecrets(file);
}

function readSecrets(file: string): Secrets | undefined {
  try {
    return secretsSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new Error(
      `${file} cannot be used. Restore it, or delete it to get new secrets (everybody has to sign in again).`,
      { cause: error },
    );
  }
}

function createSecrets(file: string): Secrets {
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  const secrets: Secrets = { jwtSecret: randomBytes(48).toString('base64url') };
  writeFileSync(draft, `${JSON.stringify(secrets)}\n`, { mode: 0o600, flag: 'wx', flush: true });
  try {
    // Unlike a rename, a link never replaces: whoever comes first wins, and the file is whole from its first moment.
    linkSync(draft, file);
    return secrets;
  } catch (error) {
    const winner = readSecrets(file);
    if (winner === undefined) throw error;
    return winner;
  } finally {
    rmSync(draft, { force: true });
  }
}
