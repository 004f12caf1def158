import { readFileSync } from 'node:fs';

/** Linux reports processor time in hundredths of a second, whatever the kernel counts in. */
const tickMs = 10;

/** Processor time and resident memory of a process so far, or undefined where there is no /proc or no such process. */
export function readUsage(pid: number): { cpuMs: number; residentBytes: number } | undefined {
  try {
    // The name in parentheses may hold anything; the numbers begin behind it.
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const resident = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'));
    return {
      cpuMs: (Number(fields[11]) + Number(fields[12])) * tickMs,
      residentBytes: Number(resident?.[1] ?? 0) * 1024,
    };
  } catch {
    return undefined;
  }
}
