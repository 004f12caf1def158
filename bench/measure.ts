import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startChild } from './children.ts';
import { busySince, cpuTimes, load1 } from './machine.ts';
import type { Plan, Run } from './plans.ts';
import { variants } from './servers/variants.ts';

export type Measured = {
  scenario: string;
  server: string;
  round: number;
  /** Before the run. */
  load1: number;
  /** The whole machine in the second before the run, percent of all its cores. */
  busyBefore: number | undefined;
  run?: Run;
  error?: string;
};

const startWithinMs = 30_000;
const runWithinMs = 15 * 60_000;
const profiles = fileURLToPath(new URL('./results/profiles', import.meta.url));

/** One run: a server and a load process of their own, fresh, and gone afterwards. A failure is an answer too. */
export async function measure(
  scenario: string,
  server: string,
  round: number,
  plan: Plan,
  options: { profile: boolean },
): Promise<Measured> {
  const { file, env = {}, preload, relay = false, durable = false } = variants[server]!;
  const idleFrom = cpuTimes();
  await delay(1_000);
  const measured: Measured = { scenario, server, round, load1: load1(), busyBefore: busySince(idleFrom) };
  const target = startChild(file, {
    env,
    execArgv: [
      '--expose-gc',
      ...(preload === undefined ? [] : ['--import', new URL(preload, import.meta.url).href]),
      ...(options.profile ? ['--cpu-prof', '--cpu-prof-dir', `${profiles}/${scenario}-${server}-${round}`] : []),
    ],
  });
  const forward = (type: string) => (body: unknown) => target.ask(type, body, 60_000);
  const load = startChild('./load/main.ts', {
    handlers: { rooms: forward('rooms'), usage: forward('usage'), memory: forward('memory') },
  });
  try {
    await target.ask('ready', undefined, startWithinMs);
    measured.run = await load.ask<Run>('run', { plan, relay, durable }, runWithinMs);
  } catch (error) {
    measured.error = error instanceof Error ? error.message : String(error);
  } finally {
    await Promise.all([load.end(), target.end()]);
  }
  return measured;
}
