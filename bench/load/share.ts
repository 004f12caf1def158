import { availableParallelism } from 'node:os';
import { busySince, cpuTimes } from '../machine.ts';
import type { Usage } from '../messages.ts';
import { usage } from '../servers/serve.ts';
import type { Server } from './parent.ts';

/** How busy both processes were: percent of one core, and percent of the time of their event loops. */
export type Shares = {
  serverCpuUs: number;
  serverCpu: number;
  serverLoop: number;
  loadCpu: number;
  loadLoop: number;
  /** What everything else on the machine took meanwhile, percent of one core; undefined where it cannot be known. */
  others: number | undefined;
};

function between(from: Usage, to: Usage): { cpuUs: number; cpu: number; loop: number } {
  const active = to.loopActiveMs - from.loopActiveMs;
  const idle = to.loopIdleMs - from.loopIdleMs;
  const cpuUs = to.cpuUs - from.cpuUs;
  return {
    cpuUs,
    cpu: cpuUs / 10 / (to.atMs - from.atMs),
    loop: (100 * active) / Math.max(1, active + idle),
  };
}

/** Begins to watch both processes; the answer ends it. */
export async function watchShares(server: Server): Promise<() => Promise<Shares>> {
  const [serverFrom, loadFrom, machineFrom] = [await server.usage(), usage(), cpuTimes()];
  return async () => {
    const [loadTo, busy] = [usage(), busySince(machineFrom)];
    const ofServer = between(serverFrom, await server.usage());
    const ofLoad = between(loadFrom, loadTo);
    return {
      serverCpuUs: ofServer.cpuUs,
      serverCpu: ofServer.cpu,
      serverLoop: ofServer.loop,
      loadCpu: ofLoad.cpu,
      loadLoop: ofLoad.loop,
      others: busy === undefined ? undefined : Math.max(0, busy * availableParallelism() - ofServer.cpu - ofLoad.cpu),
    };
  };
}
