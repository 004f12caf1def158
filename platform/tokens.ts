import { hkdfSync } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { z } from 'zod';
import { idSchema } from '#contract/ids.ts';
import type { Clock } from './clock.ts';

const claims = {
  access: z.object({ sub: idSchema, sid: idSchema }),
  collab: z.object({ sub: idSchema, sid: idSchema, cls: idSchema }),
} as const;

export type TokenKind = keyof typeof claims;
/** `sub` user id, `sid` login session id, `cls` classroom id. */
export type Claims<K extends TokenKind> = z.output<(typeof claims)[K]>;

export const tokenSeconds = { access: 15 * 60, collab: 12 * 60 * 60 } as const satisfies Record<TokenKind, number>;

export interface Tokens {
  sign<K extends TokenKind>(kind: K, payload: Claims<K>): { token: string; expiresIn: number };
  /** The claims of a valid token of exactly this kind; undefined for anything else. Never throws. */
  verify<K extends TokenKind>(kind: K, token: string): Claims<K> | undefined;
}

/**
 * JSON Web Tokens after RFC 8725: one pinned algorithm, issuer, audience and `typ` checked, and a key of its own for
 * every use, derived from the secret by HKDF (RFC 5869), so that no token passes for another kind.
 */
export function createTokens(options: { secret: string; issuer: string; clock: Clock }): Tokens {
  const keys = Object.fromEntries(
    Object.keys(claims).map((kind) => [
      kind,
      Buffer.from(hkdfSync('sha256', options.secret, '', `lectern ${kind} v1`, 32)),
    ]),
  ) as Record<TokenKind, Buffer>;
  const seconds = () => Math.floor(options.clock.now() / 1000);
  return {
    sign(kind, payload) {
      const expiresIn = tokenSeconds[kind];
      const token = jwt.sign({ ...payload, iat: seconds(), exp: seconds() + expiresIn }, keys[kind], {
        algorithm: 'HS256',
        issuer: options.issuer,
        audience: kind,
        header: { alg: 'HS256', typ: kind },
      });
      return { token, expiresIn };
    },
    verify(kind, token) {
      try {
        const { header, payload } = jwt.verify(token, keys[kind], {
          algorithms: ['HS256'],
          issuer: options.issuer,
          audience: kind,
          clockTimestamp: seconds(),
          complete: true,
        });
        return header.typ === kind ? (claims[kind].safeParse(payload).data as Claims<typeof kind>) : undefined;
      } catch {
        return undefined;
      }
    },
  };
}
