const encoder = new TextEncoder();
// A byte order mark inside a program's output is part of it.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** The longest beginning of `text` that takes at most `maxBytes` of UTF-8; no character is cut. */
export function utf8Head(text: string, maxBytes: number): string {
  if (text.length * 3 <= maxBytes) return text;
  return text.slice(0, encoder.encodeInto(text, new Uint8Array(maxBytes)).read);
}

/** The longest end of `text` that takes at most `maxBytes` of UTF-8; no character is cut. */
export function utf8Tail(text: string, maxBytes: number): string {
  if (text.length * 3 <= maxBytes) return text;
  // A UTF-16 unit takes at least a byte, so that no more than this can be wanted; half a surrogate pair is not text.
  let end = text.slice(Math.max(0, text.length - maxBytes));
  if (end.length < text.length && isLowSurrogate(end.charCodeAt(0))) end = end.slice(1);
  const bytes = encoder.encode(end);
  let from = Math.max(0, bytes.length - maxBytes);
  while (from < bytes.length && isContinuation(bytes[from]!)) from += 1;
  return decoder.decode(bytes.subarray(from));
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}

function isContinuation(byte: number): boolean {
  return (byte & 0xc0) === 0x80;
}
