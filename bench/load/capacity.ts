import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import type { CapacityPlan, Run, Step } from '../plans.ts';
import type { Server } from './parent.ts';
import { watchShares } from './share.ts';
import { runTraffic } from './traffic.ts';

/** An event loop that is busy for this share of the time is full. */
export const fullLoop = 97;
const keptShare = 0.95;
const bisections = 2;
const calmWithinMs = 60_000;

/** Waits until the server has worked off what an overload left, a minute at most. */
async function calm(server: Server): Promise<void> {
  const until = performance.now() + calmWithinMs;
  while (performance.now() < until) {
    try {
      const finish = await watchShares(server);
      await delay(500);
      if ((await finish()).serverLoop < 50) return;
    } catch {
      // It is too busy even to say how busy it is.
    }
  }
}

function judge(run: Run, editsPerSecond: number, p99Ms: number): Step {
  const { echoP50, echoP99, deliveriesPerSecond, cpuPerDelivery, durableP95, kept = 0, behind = 0 } = run.metrics;
  const shares = run.shares!;
  const held = echoP99 !== undefined && echoP99 <= p99Ms && kept >= keptShare && behind <= 1 - keptShare;
  const generator = behind > 1 - keptShare || (!held && shares.loadLoop >= fullLoop);
  return { editsPerSecond, deliveriesPerSecond, echoP50, echoP99, cpuPerDelivery, durableP95, shares, held, generator };
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

  async function attempt(editsPerSecond: number): Promise<boolean> {
    let step: Step;
    try {
      const run = await runTraffic(server, { ...plan.step, editsPerSecond }, options);
      step = judge(run, editsPerSecond, plan.p99Ms);
      // Beyond its limit a server may drop readers; at rates it holds nothing may be wrong.
      if (step.held) {
        for (const code of run.closeCodes) closeCodes.add(code);
        for (const [name, count] of Object.entries(run.checks)) checks[name] = (checks[name] ?? 0) + count;
      }
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      step = { editsPerSecond, held: false, generator: false, error: reason.split('\n', 1)[0]! };
    }
    steps.push(step);
    if (!step.held) await calm(server);
    return step.held;
  }

  /** Only what fails twice is beyond the limit: once may have been somebody else's doing. */
  const holds = async (rate: number) => (await attempt(rate)) || (await attempt(rate));

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

  if (steps.every(({ error }) => error !== undefined)) throw new Error(steps.at(-1)!.error);
  const best = (allowed: (step: Step) => boolean) =>
    steps.filter((step) => step.held && allowed(step)).toSorted((a, b) => b.editsPerSecond - a.editsPerSecond)[0];
  const top = best(() => true);
  const unsaturated = best(({ shares }) => shares !== undefined && shares.serverLoop < fullLoop);
  return {
    metrics: {
      deliveriesPerSecond: top?.deliveriesPerSecond,
      editsPerSecond: top?.editsPerSecond,
      echoP50: top?.echoP50,
      echoP99: top?.echoP99,
      cpuPerDelivery: top?.cpuPerDelivery,
      unsaturatedPerSecond: unsaturated?.deliveriesPerSecond,
      durableP95: top?.durableP95,
    },
    ...(top?.shares !== undefined && { shares: top.shares }),
    checks,
    closeCodes: [...closeCodes],
    steps,
  };
}
