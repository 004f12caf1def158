import { randomFillSync } from 'node:crypto';

export type NewId = () => string;

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';

/** `length` characters of five bits each, the last ones of `value`. */
function encode(value: number, length: number): string {
  let text = '';
  for (let rest = value; text.length < length; rest = Math.floor(rest / 32)) text = alphabet[rest % 32]! + text;
  return text;
}

/** Half of the random part. */
const halfBits = 40;
const halfBytes = halfBits / 8;
/** Drawn ahead: every keystroke of a class takes an id. */
const pooledBytes = 256 * halfBytes;

/**
 * Makes 26-character ids that sort by the time they were made: 48 bits of epoch milliseconds, then 80 random bits
 * (the layout of a ULID in lower case). Ids of one process always grow, even within a millisecond or when the clock
 * is set back.
 */
export function createNewId(now: () => number): NewId {
  const pool = Buffer.alloc(pooledBytes);
  let taken = pooledBytes;
  let lastTime = 0;
  let upper = 0;
  let lower = 0;

  function drawHalf(): number {
    if (taken === pooledBytes) {
      randomFillSync(pool);
      taken = 0;
    }
    taken += halfBytes;
    return pool.readUIntBE(taken - halfBytes, halfBytes);
  }

  return () => {
    const time = now();
    if (time > lastTime) {
      lastTime = time;
      // The top bit stays free, so that counting up within one millisecond never overflows.
      upper = Math.floor(drawHalf() / 2);
      lower = drawHalf();
    } else {
      lower += 1;
      if (lower === 2 ** halfBits) {
        lower = 0;
        upper += 1;
      }
    }
    return encode(lastTime, 10) + encode(upper, 8) + encode(lower, 8);
  };
}
