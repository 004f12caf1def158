import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os';

export type Machine = {
  cores: number;
  model: string;
  memoryGiB: number;
  node: string;
  system: string;
  /** ISO 8601. */
  at: string;
};

/** What the figures were measured on. */
export function describeMachine(): Machine {
  return {
    cores: availableParallelism(),
    model: cpus()[0]?.model ?? 'unknown',
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    system: `${type()} ${release()}`,
    at: new Date().toISOString(),
  };
}

export type CpuTimes = { busy: number; total: number };

/** Ticks of all cores since the machine started; undefined where there is no /proc. */
export function cpuTimes(): CpuTimes | undefined {
  try {
    const [, ...ticks] = readFileSync('/proc/stat', 'utf8').split('\n', 1)[0]!.split(/\s+/);
    const times = ticks.map(Number);
    const total = times.slice(0, 8).reduce((sum, time) => sum + time, 0);
    return { busy: total - times[3]! - times[4]!, total };
  } catch {
    return undefined;
  }
}

/** How busy the whole machine was since `from`, in percent of all its cores. */
export function busySince(from: CpuTimes | undefined): number | undefined {
  const to = cpuTimes();
  if (from === undefined || to === undefined || to.total === from.total) return undefined;
  return (100 * (to.busy - from.busy)) / (to.total - from.total);
}

/** Processes that wanted to run, averaged over the last minute. */
export const load1 = (): number => loadavg()[0]!;
