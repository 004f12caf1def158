import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

export type { Counter, Gauge, Histogram } from 'prom-client';

type Series<L extends string> = {
  /** `lectern_…` with its unit at the end, `_total` for counters. Never put a person, a room or an id into a label. */
  name: `lectern_${string}`;
  help: string;
  labels?: readonly L[];
};

/** The series of one process. Each room makes its own here, once; a name made twice throws. */
export interface Metrics {
  counter<L extends string = never>(series: Series<L>): Counter<L>;
  /** `collect` is asked at every scrape; without it, set the gauge yourself. */
  gauge<L extends string = never>(series: Series<L> & { collect?: () => number }): Gauge<L>;
  /** `buckets` are upper bounds in the unit of the name. */
  histogram<L extends string = never>(series: Series<L> & { buckets: number[] }): Histogram<L>;
  contentType: string;
  /** Everything in the Prometheus text format. */
  text(): Promise<string>;
}

/** A registry of its own, with the series of the Node process in it. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: 'lectern_' });
  const common = <L extends string>({ name, help, labels = [] }: Series<L>) => ({
    name,
    help,
    labelNames: labels,
    registers: [registry],
  });
  return {
    counter: (series) => new Counter(common(series)),
    gauge: (series) => {
      const { collect } = series;
      return new Gauge({
        ...common(series),
        ...(collect && {
          collect() {
            this.set(collect());
          },
        }),
      });
    },
    histogram: (series) => new Histogram({ ...common(series), buckets: series.buckets }),
    contentType: registry.contentType,
    text: () => registry.metrics(),
  };
}
