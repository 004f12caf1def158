import { createHash } from 'node:crypto';
import type { Tokens } from '#platform/tokens.ts';

/** Whose token this is; a bad one stands for itself. Nothing is let in by this: it says only whose budget is charged. */
export function identify(tokens: Tokens, token: string): string {
  const claims = tokens.verify('collab', token);
  return claims?.sub ?? `unknown ${createHash('sha256').update(token).digest('base64url').slice(0, 16)}`;
}
