/** The middle value, the mean of the two middle ones; undefined without values. */
export function median(values: readonly (number | undefined)[]): number | undefined {
  const sorted = values.filter((value) => value !== undefined).toSorted((a, b) => a - b);
  if (sorted.length === 0) return undefined;
  const middle = sorted.length / 2;
  return Number.isInteger(middle) ? (sorted[middle - 1]! + sorted[middle]!) / 2 : sorted[Math.floor(middle)];
}

/** Three digits that matter, and no more. */
export function format(value: number | undefined): string {
  if (value === undefined) return '–';
  if (Math.abs(value) >= 1_000_000) return `${(value / 1_000_000).toFixed(2)} M`;
  if (Math.abs(value) >= 10_000) return `${(value / 1_000).toFixed(0)} k`;
  if (Math.abs(value) >= 100) return value.toFixed(0);
  if (Math.abs(value) >= 10) return value.toFixed(1);
  return value.toFixed(2);
}

/** The median, and in brackets the least and the greatest when there are several values. */
export function spread(values: readonly (number | undefined)[]): string {
  const known = values.filter((value) => value !== undefined);
  const middle = format(median(known));
  return known.length < 2 ? middle : `${middle} (${format(Math.min(...known))}–${format(Math.max(...known))})`;
}
