import { randomBytes } from 'node:crypto';

export type NewId = () => string;

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';

function encode(value: bigint, length: number): string {
  let text = '';
  for (let rest = value; text.length < length; rest >>= 5n) text = alphabet[Number(rest & 31n)]! + text;
  return text;
}

/**
 * Makes 26-character ids that sort by the time they were made: 48 bits of epoch milliseconds, then 80 random bits
 * (the layout of a ULID in lower case). Ids of one process always grow, even within a millisecond or when the clock
 * is set back.
 */
export function createNewId(now: () => number): NewId {
  let lastTime = 0;
  let random = 0n;
  return () => {
    const time = now();
    if (time > lastTime) {
      lastTime = time;
      // The top bit stays free, so that counting up within one millisecond never overflows.
      random = BigInt(`0x${randomBytes(10).toString('hex')}`) >> 1n;
    } else random += 1n;
    return encode(BigInt(lastTime), 10) + encode(random, 16);
  };
}
