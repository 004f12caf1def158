import { isIPv6 } from 'node:net';
import type { Request } from 'express';

/**
 * The address a limit counts by. Forwarded headers count only when they come from `TRUST_PROXY`. One subscriber holds a
 * whole IPv6 /64, so those count as one address.
 */
export function clientAddress(req: Request): string {
  const address = (req.ip ?? '').replace(/^::ffff:(?=\d+\.)/i, '');
  if (!isIPv6(address)) return address;
  const [head = '', tail = ''] = address.split('%')[0]!.split('::');
  const before = head.split(':').filter(Boolean);
  const after = tail.split(':').filter(Boolean);
  const groups = [...before, ...Array<string>(Math.max(0, 8 - before.length - after.length)).fill('0'), ...after];
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
}
