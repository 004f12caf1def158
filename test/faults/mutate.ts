import type { Random } from '../support/random.ts';

const hugeNumbers = [
  [0xff, 0xff, 0xff, 0xff, 0x0f],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f],
  [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01],
];

type Mutation = (frame: Uint8Array, random: Random, corpus: readonly Uint8Array[]) => Uint8Array | string;

const join = (...parts: (Uint8Array | number[])[]) => Uint8Array.from(parts.flatMap((part) => [...part]));

const mutations: Mutation[] = [
  function flipBits(frame, random) {
    const copy = frame.slice();
    for (let left = random.int(1, 8); left > 0 && copy.length > 0; left -= 1)
      copy[random.int(0, copy.length - 1)]! ^= 1 << random.int(0, 7);
    return copy;
  },
  (frame, random) => frame.slice(0, random.int(0, frame.length)),
  (frame, random) => join(frame, random.bytes(random.int(1, 64))),
  function splice(frame, random, corpus) {
    const other = random.pick(corpus);
    return join(frame.slice(0, random.int(0, frame.length)), other.slice(random.int(0, other.length)));
  },
  function repeatSlice(frame, random) {
    const from = random.int(0, frame.length);
    const to = random.int(from, Math.min(frame.length, from + 32));
    return join(frame.slice(0, to), frame.slice(from));
  },
  function hugeNumber(frame, random) {
    const at = random.int(0, Math.min(frame.length, 24));
    return join(frame.slice(0, at), random.pick(hugeNumbers), frame.slice(at + 1));
  },
  function overwrite(frame, random) {
    const copy = frame.slice();
    copy.set(random.bytes(random.int(1, 8)).slice(0, copy.length), 0);
    return copy;
  },
  (_frame, random) => random.bytes(random.int(0, 200)),
  () => new Uint8Array(0),
  () => new Uint8Array(64).fill(0xff),
  (frame) => Buffer.from(frame).toString('latin1'),
  // Sound, but out of place or twice.
  (frame) => frame,
];

/** One frame made from real ones; a string is to be sent as text. */
export function mutate(corpus: readonly Uint8Array[], random: Random): Uint8Array | string {
  return random.pick(mutations)(random.pick(corpus), random, corpus);
}
