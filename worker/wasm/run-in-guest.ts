import type { RunLimits } from '#contract/run.ts';
import type { GuestProcess } from './guest-process.ts';
import { createCollector, type Output } from './output.ts';
import { readUsage } from './proc.ts';
import type { GuestMessage, Program, Report } from './protocol.ts';

const watchMs = 50;
/** What an engine may take beside the program's own memory: compiled code, buffers, garbage. */
const overheadBytes = 96 * 1024 * 1024;

export type StopReason = 'time-limit' | 'memory-limit' | 'output-limit' | 'cancelled';

export type GuestEnd = Output & {
  /** Why we ended it; null when it ended by itself. */
  stopped: StopReason | null;
  stage: 'compile' | 'run';
  /** What the guest said at its end; undefined when it did not come to that. */
  report: Report | undefined;
  signal: string | null;
  /** The process itself, not the program in it, ran out of memory. */
  outOfMemory: boolean;
  /** Of the stage that ended last; `compiledMs` is that of the compile stage when it was passed. */
  wallMs: number;
  compiledMs: number | null;
  cpuMs: number | null;
  /** The most it held beyond what the waiting engine had. */
  memoryBytes: number | null;
};

export type RunOptions = {
  limits: Pick<RunLimits, 'wallMs' | 'memoryBytes' | 'outputBytes' | 'diskBytes'>;
  /** Set: the guest compiles first, within this time, and says when it begins to run. */
  compileMs?: number | undefined;
  signal: AbortSignal;
  onRunning: () => void;
};

/**
 * Gives the process its program, holds it to its limits, and resolves when it is over and the process gone. Never
 * rejects. The engine limits memory itself; what is watched here, where there is a /proc, is whether it does.
 */
export async function runInGuest(guest: GuestProcess, program: Program, options: RunOptions): Promise<GuestEnd> {
  const { limits, compileMs, signal, onRunning } = options;
  const collector = createCollector(limits.outputBytes);
  let before = usageOf(guest);
  let last = before;
  let peakBytes = before?.residentBytes ?? 0;
  let startedAt = performance.now();
  let compiledMs: number | null = null;
  let wallMs: number | undefined;
  let stopped: StopReason | null = null;
  let report: Report | undefined;

  const measure = () => {
    last = usageOf(guest) ?? last;
    peakBytes = Math.max(peakBytes, last?.residentBytes ?? 0);
  };
  const stop = (reason: StopReason | null) => {
    if (wallMs !== undefined) return;
    wallMs = Math.round(performance.now() - startedAt);
    stopped = reason;
    measure();
    guest.kill();
  };
  const onMessage = (message: GuestMessage) => {
    if (message.type === 'done') {
      report = message;
      stop(null);
    } else if (message.type === 'running' && compileMs !== undefined && compiledMs === null) {
      compiledMs = Math.round(performance.now() - startedAt);
      before = usageOf(guest) ?? before;
      startedAt = performance.now();
      clearTimeout(timer);
      timer = setTimeout(stop, limits.wallMs, 'time-limit');
      onRunning();
    }
  };
  for (const name of ['stdout', 'stderr'] as const) {
    guest[name].on('data', (chunk: Buffer) => {
      if (!collector.add(name, chunk)) stop('output-limit');
    });
  }
  let timer = setTimeout(stop, compileMs ?? limits.wallMs, 'time-limit');
  const mostBytes = peakBytes + limits.memoryBytes + limits.diskBytes + overheadBytes;
  const watch = setInterval(() => {
    measure();
    if (peakBytes > mostBytes) stop('memory-limit');
  }, watchMs);
  const cancel = () => stop('cancelled');
  signal.addEventListener('abort', cancel);
  if (signal.aborted) cancel();
  else guest.send(program, onMessage);

  await guest.closed;
  stop(null);
  clearTimeout(timer);
  clearInterval(watch);
  signal.removeEventListener('abort', cancel);
  const end = guest.end();
  const output = collector.take();
  const used = before && last && { cpuMs: last.cpuMs - before.cpuMs, bytes: peakBytes - before.residentBytes };
  return {
    ...output,
    // The last of it may have been read after the guest was done.
    stopped: stopped ?? (output.truncated ? 'output-limit' : null),
    stage: compileMs !== undefined && compiledMs === null ? 'compile' : 'run',
    report,
    signal: end.signal,
    outOfMemory: end.complaints.includes('heap out of memory'),
    wallMs: wallMs!,
    compiledMs,
    cpuMs: report?.cpuMs ?? used?.cpuMs ?? null,
    // A short program can come and go between two looks from outside.
    memoryBytes: used || report ? Math.max(used?.bytes ?? 0, report?.memoryBytes ?? 0) : null,
  };
}

const usageOf = ({ pid }: GuestProcess) => (pid === undefined ? undefined : readUsage(pid));
