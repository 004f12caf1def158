import type { Measured } from '../measure.ts';
import { reference } from '../servers/variants.ts';
import { format, median } from './statistics.ts';
import { table } from './table.ts';

export type ScenarioResult = { name: string; measured: Measured[] };

type Aim = {
  what: string;
  scenario: string;
  server: string;
  metric: string;
  /** Against the stock server of the same run. */
  ratio?: true;
} & ({ atMost: number } | { atLeast: number });

/** What the project wants to reach, with the journal on. */
const list: Aim[] = [
  { what: 'classroom: echo p50 ms', scenario: 'classroom', server: 'lectern', metric: 'echoP50', atMost: 4 },
  { what: 'classroom: echo p99 ms', scenario: 'classroom', server: 'lectern', metric: 'echoP99', atMost: 30 },
  {
    what: 'classroom: CPU per delivery × stock',
    scenario: 'classroom',
    server: 'lectern',
    metric: 'cpuPerDelivery',
    ratio: true,
    atMost: 1.2,
  },
  {
    what: 'classroom: in the database, p95 ms',
    scenario: 'classroom',
    server: 'lectern',
    metric: 'durableP95',
    atMost: 600,
  },
  {
    what: 'one writer to 300, unmetered: deliveries/s × stock',
    scenario: 'capacity-lecture',
    server: 'lectern-unmetered',
    metric: 'deliveriesPerSecond',
    ratio: true,
    atLeast: 3,
  },
  {
    what: 'one writer, unmetered, commits 5 ms longer: edits/s',
    scenario: 'capacity-lecture',
    server: 'lectern-slow-disk',
    metric: 'editsPerSecond',
    atLeast: 1_000,
  },
  {
    what: 'join storm: CPU per join × stock',
    scenario: 'join-storm',
    server: 'lectern',
    metric: 'cpuPerJoin',
    ratio: true,
    atMost: 0.5,
  },
  {
    what: 'idle room: live memory × stock',
    scenario: 'idle',
    server: 'lectern',
    metric: 'livePerRoom',
    ratio: true,
    atMost: 0.125,
  },
  {
    what: 'idle room: resident memory × stock',
    scenario: 'idle',
    server: 'lectern',
    metric: 'rssPerRoom',
    ratio: true,
    atMost: 0.125,
  },
];

/** Aim by aim what was reached, as far as it was measured; empty when nothing was. */
export function aims(results: readonly ScenarioResult[]): string {
  const value = (scenario: string, server: string, metric: string) =>
    median(
      results
        .filter(({ name }) => name === scenario)
        .flatMap(({ measured }) => measured.filter((entry) => entry.server === server))
        .map(({ run }) => run?.metrics[metric]),
    );
  const rows = list.flatMap((aim) => {
    const measured = value(aim.scenario, aim.server, aim.metric);
    const stock = aim.ratio ? value(aim.scenario, reference, aim.metric) : 1;
    if (measured === undefined || !stock) return [];
    const reached = measured / stock;
    const [wanted, met] =
      'atMost' in aim ? [`≤ ${aim.atMost}`, reached <= aim.atMost] : [`≥ ${aim.atLeast}`, reached >= aim.atLeast];
    return [[aim.what, wanted, format(reached), met ? 'yes' : 'no']];
  });
  return rows.length === 0 ? '' : table(['aim', 'wanted', 'measured', 'reached'], rows);
}
