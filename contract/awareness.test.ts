import assert from 'node:assert/strict';
import test from 'node:test';
import { cursorColor } from './awareness.ts';

/** Contrast ratio of two colours such as `#d33682` (WCAG 2.2, "contrast ratio" and "relative luminance"). */
function contrast(left: string, right: string): number {
  const luminance = (color: string) => {
    const [red, green, blue] = [1, 3, 5]
      .map((at) => Number.parseInt(color.slice(at, at + 2), 16) / 255)
      .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
  };
  const [darker, lighter] = [luminance(left), luminance(right)].toSorted((a, b) => a - b);
  return (lighter! + 0.05) / (darker! + 0.05);
}

const people = Array.from({ length: 1_000 }, (_, index) => `user-${index}`);

test('[CON13] a person has one cursor colour, and people differ', () => {
  for (const id of people) assert.equal(cursorColor(id), cursorColor(id));
  assert.equal(new Set(people.map(cursorColor)).size, 8);
});

test('[CON14] every cursor colour is seen on white and on the dark editor background', () => {
  for (const color of new Set(people.map(cursorColor))) {
    for (const background of ['#ffffff', '#1e1e1e']) {
      const ratio = contrast(color, background);
      assert.ok(ratio >= 3, `${color} on ${background}: ${ratio.toFixed(2)}`);
    }
  }
});
