import { parseArgs } from 'node:util';
import { scenarios } from './scenarios.ts';
import { variants } from './servers/variants.ts';

export type Options = {
  scenarios: string[];
  /** Undefined: those of each scenario. */
  servers: string[] | undefined;
  rounds: number | undefined;
  /** Edits a second of each writer, instead of the scenario's own. */
  rate: number | undefined;
  seconds: number;
  quick: boolean;
  json: string | undefined;
  profile: boolean;
};

export const help = `npm run bench -- [scenario …] [options]

Scenarios (default: all):
${Object.entries(scenarios)
  .map(([name, { about }]) => `  ${name.padEnd(18)}${about}`)
  .join('\n')}

Options:
  --servers a,b      ${Object.keys(variants).join(', ')}
  --seconds N        how long each steady run is measured (default 10)
  --rate N           edits a second of each writer in classroom, lecture and workshop, e.g. for a profile
  --rounds N         how often each server is measured, in turn
  --quick            small and short: whether it works, not how fast
  --json FILE        where the results go (default bench/results/<time>.json)
  --cpu-prof         also write a CPU profile of each server to bench/results/profiles/`;

/** Reads the command line. Throws an Error that says what is wrong; undefined when only help was asked for. */
export function readOptions(args: readonly string[]): Options | undefined {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      servers: { type: 'string' },
      seconds: { type: 'string' },
      rounds: { type: 'string' },
      rate: { type: 'string' },
      quick: { type: 'boolean', default: false },
      json: { type: 'string' },
      'cpu-prof': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  const names = positionals.length > 0 ? positionals : Object.keys(scenarios);
  known('scenario', names, scenarios);
  const servers = values.servers?.split(',');
  known('server', servers ?? [], variants);
  return {
    scenarios: names,
    servers,
    rounds: values.rounds === undefined ? undefined : wholeNumber('--rounds', values.rounds, 20),
    rate: values.rate === undefined ? undefined : wholeNumber('--rate', values.rate, 20_000),
    seconds: values.seconds === undefined ? (values.quick ? 2 : 10) : wholeNumber('--seconds', values.seconds, 600),
    quick: values.quick,
    json: values.json,
    profile: values['cpu-prof'],
  };
}

function known(what: string, names: readonly string[], table: object): void {
  const unknown = names.find((name) => !Object.hasOwn(table, name));
  if (unknown !== undefined) {
    throw new Error(`There is no ${what} ${unknown}; there are ${Object.keys(table).join(', ')}.`);
  }
}

function wholeNumber(option: string, text: string, most: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > most) {
    throw new Error(`${option} takes a whole number from 1 to ${most}.`);
  }
  return value;
}
