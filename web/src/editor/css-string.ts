/** A CSS string literal: everything that could end or bend it is written as a code point. */
export function cssString(text: string): string {
  const escaped = text.replace(
    /["\\<>\p{Cc}\p{Cf}\u2028\u2029]/gu,
    (char) => `\\${char.codePointAt(0)!.toString(16)} `,
  );
  return `"${escaped}"`;
}
