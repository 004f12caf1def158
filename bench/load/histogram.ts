/** Durations in ms, in buckets 2 % wide: no memory per value, so that millions a second can be counted. */
const growth = Math.log(1.02);
const smallestMs = 0.005;
const buckets = 1_200;

export type Histogram = {
  record(ms: number): void;
  readonly count: number;
  /** The duration that this share of the values does not exceed; undefined without values. */
  quantile(share: number): number | undefined;
};

export function createHistogram(): Histogram {
  const counts = new Uint32Array(buckets);
  let count = 0;
  return {
    record(ms) {
      const bucket = ms <= smallestMs ? 0 : Math.min(buckets - 1, Math.ceil(Math.log(ms / smallestMs) / growth));
      counts[bucket]! += 1;
      count += 1;
    },
    get count() {
      return count;
    },
    quantile(share) {
      if (count === 0) return undefined;
      let left = Math.max(1, Math.ceil(count * share));
      for (let bucket = 0; bucket < buckets; bucket += 1) {
        left -= counts[bucket]!;
        if (left <= 0) return smallestMs * Math.exp(bucket * growth);
      }
      return undefined;
    },
  };
}
