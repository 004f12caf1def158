import { setTimeout as delay } from 'node:timers/promises';
import type { CapacityPlan, Run, Step } from '../plans.ts';
import type { Server } from './parent.ts';
import { watchShares } from './share.ts';
import { runTraffic } from './traffic.ts';

/** An event loop that is busy for this share of the time is full. */
export const fullLoop = 97;
const keptShare = 0.95;
const bisections = 2;

/** Waits until the server has worked off what an overload left, 15 s at most. */
async function calm(server: Server): Promise<void> {
  for (let times = 0; times < 30; times += 1) {
    const finish = await watchShares(server);
    await delay(500);
    if ((await finish()).serverLoop < 50) return;
  }
}

/**
 * Ramps the rate: doubles it until p99 passes the bound or deliveries fall behind, then halves the distance twice. Each
 * step has rooms of its own, so that none works on what an overloaded one has left.
 */
export async function runCapacity(
  server: Server,
  plan: CapacityPlan,
  options: { relay: boolean; durable: boolean },
): Promise<Run> {
  const steps: Step[] = [];
  const checks: Run['checks'] = {};
  const closeCodes = new Set<number>();
  let last: Run | undefined;

  async function attempt(editsPerSecond: number): Promise<Step> {
    const run = await runTraffic(server, { ...plan.step, editsPerSecond }, options);
    const { echoP50, echoP99, deliveriesPerSecond = 0, cpuPerDelivery = 0, kept = 0, behind = 0 } = run.metrics;
    const held = echoP99 !== undefined && echoP99 <= plan.p99Ms && kept >= keptShare && behind <= 1 - keptShare;
    const generator = behind > 1 - keptShare || (!held && run.shares.loadLoop >= fullLoop);
    const { shares } = run;
    const step = { editsPerSecond, deliveriesPerSecond, echoP50, echoP99, cpuPerDelivery, shares, held, generator };
    steps.push(step);
    // Beyond its limit a server may drop readers; at rates it holds nothing may be wrong.
    if (held) {
      last = run;
      for (const [name, count] of Object.entries(run.checks)) checks[name] = (checks[name] ?? 0) + count;
    }
    for (const code of run.closeCodes) closeCodes.add(code);
    if (!held) await calm(server);
    return step;
  }

  /** Only what fails twice is beyond the limit: once may have been somebody else's doing. */
  const holds = async (rate: number) => (await attempt(rate)).held || (await attempt(rate)).held;

  let good = 0;
  let bad: number | undefined;
  for (let rate = plan.from; rate <= plan.to && bad === undefined; rate *= 2) {
    if (await holds(rate)) good = rate;
    else bad = rate;
  }
  for (let round = 0; round < bisections && bad !== undefined && good > 0; round += 1) {
    const rate = Math.round(Math.sqrt(good * bad));
    if (await holds(rate)) good = rate;
    else bad = rate;
  }

  const best = (allowed: (step: Step) => boolean) =>
    steps.filter((step) => step.held && allowed(step)).toSorted((a, b) => b.editsPerSecond - a.editsPerSecond)[0];
  const top = best(() => true);
  const unsaturated = best(({ shares }) => shares.serverLoop < fullLoop);
  return {
    metrics: {
      deliveriesPerSecond: top?.deliveriesPerSecond,
      editsPerSecond: top?.editsPerSecond,
      echoP50: top?.echoP50,
      echoP99: top?.echoP99,
      cpuPerDelivery: top?.cpuPerDelivery,
      unsaturatedPerSecond: unsaturated?.deliveriesPerSecond,
      durableP95: last?.metrics.durableP95,
    },
    shares: top?.shares ?? steps.at(-1)!.shares,
    checks,
    closeCodes: [...closeCodes],
    steps,
  };
}
