import { limits } from './limits.ts';

/** The end of a text, at most `maxBytes` of UTF-8, never cutting a character in two. */
export function outputTail(text: string, maxBytes: number = limits.awarenessTailBytes): string {
  // A UTF-16 unit takes at least one byte, so these units hold the last bytes.
  const end = new TextEncoder().encode(text.slice(-maxBytes).toWellFormed());
  if (end.length <= maxBytes) return new TextDecoder().decode(end);
  let from = end.length - maxBytes;
  while (from < end.length && (end[from]! & 0b1100_0000) === 0b1000_0000) from += 1;
  return new TextDecoder().decode(end.subarray(from));
}
