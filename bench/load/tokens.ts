/**
 * An edit is a token, `{` 4 digits of writer, 7 digits of number `}`, which stands as it is in every Yjs update that
 * carries it, merged or not. So a reader can find edits without applying anything.
 */
export const tokenLength = 13;
const open = 0x7b;
const close = 0x7d;
const zero = 0x30;

export function token(writer: number, number: number): string {
  return `{${String(writer).padStart(4, '0')}${String(number).padStart(7, '0')}}`;
}

/** What a set of numbers adds up to: with their count it tells a set apart from one with a number missing or doubled. */
export function mix(writer: number, number: number): number {
  return Math.imul(number + 1, number + 1) ^ Math.imul(writer + 1, 0x9e3779b1);
}

/** Calls `found` for every token in `bytes`. */
export function findTokens(bytes: Buffer, found: (writer: number, number: number) => void): void {
  let at = bytes.indexOf(open);
  while (at >= 0 && at + tokenLength <= bytes.length) {
    let writer = 0;
    let number = 0;
    let valid = bytes[at + tokenLength - 1] === close;
    for (let index = at + 1; valid && index < at + tokenLength - 1; index += 1) {
      const digit = bytes[index]! - zero;
      if (digit < 0 || digit > 9) valid = false;
      else if (index <= at + 4) writer = writer * 10 + digit;
      else number = number * 10 + digit;
    }
    if (valid) found(writer, number);
    at += valid ? tokenLength : 1;
    // Tokens of one writer stand side by side in a merged update.
    if (bytes[at] !== open) at = bytes.indexOf(open, at);
  }
}

/** The tokens of a text, by writer: how often each number occurs. */
export function tokensOf(text: string): Map<number, Map<number, number>> {
  const writers = new Map<number, Map<number, number>>();
  for (const [, writer, number] of text.matchAll(/\{(\d{4})(\d{7})\}/g)) {
    const numbers = writers.get(Number(writer)) ?? new Map<number, number>();
    writers.set(Number(writer), numbers);
    numbers.set(Number(number), (numbers.get(Number(number)) ?? 0) + 1);
  }
  return writers;
}
