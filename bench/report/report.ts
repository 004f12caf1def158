import type { Measured } from '../measure.ts';
import type { Plan, Run } from '../plans.ts';
import { reference } from '../servers/variants.ts';
import { columns } from './columns.ts';
import { complaints, limitedBy } from './limits.ts';
import { format, median, spread } from './statistics.ts';
import { table } from './table.ts';

/** The table of one scenario: medians and spread of its rounds, ratios to the stock server measured among them. */
export function report(plan: Plan, measured: readonly Measured[]): string {
  const servers = [...new Set(measured.map(({ server }) => server))];
  const shown = columns[plan.kind];
  const runsOf = (server: string) =>
    measured.filter((entry) => entry.server === server).flatMap(({ run }) => (run === undefined ? [] : [run]));
  const metricOf = (runs: readonly Run[], name: string) => runs.map(({ metrics }) => metrics[name]);
  const stock = runsOf(reference);

  const head = [
    'server',
    ...shown.flatMap(({ title, ratio }) => (ratio ? [title, '× stock'] : [title])),
    'server CPU %',
    'loop %',
    'load loop %',
    'others CPU %',
    'limited by',
    'correct',
  ];
  const rows = servers.map((server) => {
    const runs = runsOf(server);
    const failed = measured.filter((entry) => entry.server === server && entry.run === undefined).length;
    const wrong = [complaints(runs), failed > 0 ? `${failed} runs failed` : '']
      .filter((text) => text !== '')
      .join('; ');
    return [
      server,
      ...shown.flatMap(({ metric, ratio }) => {
        const values = metricOf(runs, metric);
        if (!ratio) return [spread(values)];
        const [ours, theirs] = [median(values), median(metricOf(stock, metric))];
        return [spread(values), ours === undefined || !theirs ? '–' : format(ours / theirs)];
      }),
      format(median(runs.map(({ shares }) => shares?.serverCpu))),
      format(median(runs.map(({ shares }) => shares?.serverLoop))),
      format(median(runs.map(({ shares }) => shares?.loadLoop))),
      format(median(runs.map(({ shares }) => shares?.others))),
      runs.length === 0 ? '–' : limitedBy(runs),
      wrong === '' ? 'yes' : wrong,
    ];
  });
  const errors = measured.flatMap(({ server, round, error }) =>
    error === undefined ? [] : [`${server}, round ${round}: ${error.split('\n', 1)[0]}`],
  );
  return [table(head, rows), ...errors].join('\n');
}

/** One line about one run while the others are still to come: what else the machine did, and the steps of a ramp. */
export function progress({ server, round, load1, busyBefore, run, error }: Measured): string {
  const machine = `load average ${format(load1)}, machine ${format(busyBefore)} % busy before`;
  const steps = (run?.steps ?? []).map(
    ({ editsPerSecond, echoP99, held }) => `${editsPerSecond}/s ${format(echoP99)} ms${held ? '' : ' ✗'}`,
  );
  const outcome = error === undefined ? steps.join(', ') : 'failed';
  return `  round ${round}, ${server}: ${machine}${outcome === '' ? '' : `; ${outcome}`}`;
}
