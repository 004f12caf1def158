import type { Plan } from '../plans.ts';

/** What a table shows of a run: a metric, how it is called, and whether its ratio to the stock server is shown. */
export type Column = { metric: string; title: string; ratio?: true };

export const columns: Record<Plan['kind'], Column[]> = {
  traffic: [
    { metric: 'echoP50', title: 'echo p50 ms' },
    { metric: 'echoP99', title: 'p99 ms' },
    { metric: 'cpuPerDelivery', title: 'CPU µs / delivery', ratio: true },
    { metric: 'durableP50', title: 'durable p50 ms' },
    { metric: 'durableP95', title: 'p95 ms' },
    { metric: 'deliveriesPerSecond', title: 'deliveries/s' },
    { metric: 'awarenessPerSecond', title: 'awareness/s' },
  ],
  capacity: [
    { metric: 'deliveriesPerSecond', title: 'deliveries/s', ratio: true },
    { metric: 'unsaturatedPerSecond', title: 'with a loop < 97 %', ratio: true },
    { metric: 'editsPerSecond', title: 'edits/s a writer' },
    { metric: 'echoP50', title: 'echo p50 ms' },
    { metric: 'echoP99', title: 'p99 ms' },
    { metric: 'cpuPerDelivery', title: 'CPU µs / delivery' },
    { metric: 'durableP95', title: 'durable p95 ms' },
  ],
  join: [
    { metric: 'syncP50', title: 'sync p50 ms' },
    { metric: 'syncP99', title: 'p99 ms' },
    { metric: 'cpuPerJoin', title: 'CPU ms / join', ratio: true },
    { metric: 'stormMs', title: 'all in after ms' },
    { metric: 'echoP50', title: 'echo p50 ms' },
    { metric: 'echoP99', title: 'p99 ms' },
    { metric: 'documentBytes', title: 'bytes' },
  ],
  idle: [
    { metric: 'rssPerRoom', title: 'RSS kB / room', ratio: true },
    { metric: 'livePerRoom', title: 'live kB / room', ratio: true },
    { metric: 'liveWhenLoaded', title: 'live before idle' },
    { metric: 'rssBefore', title: 'RSS MB empty' },
    { metric: 'rssAfter', title: 'RSS MB' },
    { metric: 'wakeP50', title: 'wake p50 ms' },
    { metric: 'wakeP99', title: 'p99 ms' },
  ],
};
