import type { Request } from 'express';
import { limits } from '#contract/limits.ts';

/**
 * Seconds of `Prefer: wait=N` (RFC 7240 §4.3), at most 30; 0 without it. What cannot be read is ignored, as the RFC has
 * it for preferences.
 */
export function preferredWaitSeconds(req: Pick<Request, 'headers'>): number {
  const wait = /(?:^|[,;])\s*wait\s*=\s*"?(\d{1,9})"?\s*(?=$|[,;])/i.exec(String(req.headers['prefer'] ?? ''))?.[1];
  return Math.min(Number(wait ?? 0), limits.preferWaitSeconds);
}
