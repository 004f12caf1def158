import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeMachine } from './machine.ts';
import { measure, type Measured } from './measure.ts';
import { help, readOptions, type Options } from './options.ts';
import { installPeers } from './peers.ts';
import type { Plan } from './plans.ts';
import { aims, type ScenarioResult } from './report/aims.ts';
import { progress, report } from './report/report.ts';
import { scenarios } from './scenarios.ts';
import { variants } from './servers/variants.ts';

/** npm run bench: measures this server against stock ones, in one run, and prints a table for each scenario. */
function options(): Options | undefined {
  try {
    return readOptions(process.argv.slice(2));
  } catch (error) {
    console.error((error as Error).message);
    process.exit(2);
  }
}

const chosen = options();
if (chosen === undefined) {
  console.log(help);
  process.exit(0);
}
const machine = describeMachine();
const file =
  chosen.json ?? fileURLToPath(new URL(`./results/${machine.at.replaceAll(/[:.]/g, '-')}.json`, import.meta.url));
const results: (ScenarioResult & { about: string; plan: Plan })[] = [];
let wrong = false;

function save(): void {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify({ machine, options: chosen, results }, undefined, 1)}\n`);
}

console.log(
  `${machine.cores} cores of ${machine.model}, ${machine.memoryGiB} GiB, Node ${machine.node}, ${machine.system}, ${machine.at}\n` +
    'Server and load process share the machine, over loopback: read ratios first. Medians (least–greatest) of the rounds.',
);

for (const name of chosen.scenarios) {
  const { about, servers: usual, rounds: usualRounds, plan: planOf } = scenarios[name]!;
  const servers = chosen.servers ?? usual;
  if (servers.some((server) => variants[server]!.peer)) installPeers();
  const planned = planOf(chosen);
  const atRate = chosen.rate !== undefined && planned.kind === 'traffic';
  const plan = atRate ? { ...planned, editsPerSecond: chosen.rate! } : planned;
  const rounds = chosen.rounds ?? (chosen.quick ? 1 : usualRounds);
  const measured: Measured[] = [];
  results.push({ name, about, plan, measured });
  console.log(`\n## ${name}\n${about}${chosen.quick ? ' (quick: fewer, shorter)' : ''}\n${JSON.stringify(plan)}`);
  // A B C D A B C D: what else the machine does falls on all alike.
  for (let round = 1; round <= rounds; round += 1) {
    for (const server of servers) {
      const one = await measure(name, server, round, plan, chosen);
      measured.push(one);
      if (one.error !== undefined || Object.values(one.run!.checks).some((count) => count > 0)) wrong = true;
      console.log(progress(one));
      save();
    }
  }
  console.log(`\n${report(plan, measured)}`);
}
const reached = chosen.quick ? '' : aims(results);
if (reached !== '') console.log(`\n## Aims\n${reached}`);
console.log(`\nResults: ${path.relative(process.cwd(), file)}`);
// Speed is for the reader to judge; an edit that was lost or doubled is not.
process.exit(wrong ? 1 : 0);
