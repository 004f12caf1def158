import { spawn, type ChildProcess } from 'node:child_process';
import os from 'node:os';
import type { Readable, Writable } from 'node:stream';
import type { RunLimits } from '#contract/run.ts';
import type { Log } from '#platform/log.ts';
import { commandOf, type Engine } from './engines.ts';
import { createCollector, type Output } from './output.ts';
import { readUsage } from './proc.ts';
import { guestMessageSchema, type GuestMessage, type Program, type Report } from './protocol.ts';

const watchMs = 50;
const niceness = 5;
/** What an engine may take beside the program's own memory: compiled code, buffers, garbage. */
const overheadBytes = 96 * 1024 * 1024;
const maxMessageChars = 1024 * 1024;
const maxComplaintChars = 2_000;

export type StopReason = 'time-limit' | 'memory-limit' | 'output-limit' | 'cancelled';

export type GuestEnd = Output & {
  /** Why we ended it; null when it ended by itself. */
  stopped: StopReason | null;
  stage: 'compile' | 'run';
  report: Report | undefined;
  exitCode: number | null;
  signal: string | null;
  /** The process itself, not the program in it, ran out of memory. */
  outOfMemory: boolean;
  wallMs: number;
  cpuMs: number | null;
  memoryBytes: number | null;
};

export type RunOptions = {
  limits: Pick<RunLimits, 'wallMs' | 'memoryBytes' | 'outputBytes' | 'diskBytes'>;
  /** Set: the guest compiles first, within this time, and says when it begins to run. */
  compileMs?: number;
  signal: AbortSignal;
  onRunning?: () => void;
};

export type GuestProcess = {
  readonly pid: number;
  /** Resolves when the engine is up; rejects when the process ends before. */
  readonly ready: Promise<void>;
  readonly closed: Promise<void>;
  /** Gives the process its one program and resolves when it is over and the process gone. Never rejects. */
  run(program: Program, options: RunOptions): Promise<GuestEnd>;
  kill(): Promise<void>;
  exitCode(): number | null;
};

type GuestPipes = [null, null, Readable, Readable & Writable, Readable, Readable];

/** Starts a process that boots an engine and waits for one program. `snapshot` is inherited as descriptor 6. */
export function spawnGuest(
  engine: Engine,
  options: { snapshot?: number; extraArgs?: string[]; log: Log },
): GuestProcess {
  const { command, args } = commandOf(engine);
  const child = spawn(command, [...args, ...(options.extraArgs ?? [])], {
    cwd: '/',
    // Windows starts nothing without its root.
    // oxlint-disable-next-line node/no-process-env
    env: process.platform === 'win32' ? { SystemRoot: process.env['SystemRoot'] } : {},
    stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe', 'pipe', options.snapshot ?? 'ignore'],
    windowsHide: true,
  });
  yieldProcessor(child);
  const [, , complaints, control, stdout, stderr] = child.stdio as unknown as GuestPipes;
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const ready = Promise.withResolvers<void>();
  ready.promise.catch(() => {});
  let onMessage = (message: GuestMessage): void => {
    if (message.type === 'ready') ready.resolve();
  };
  readMessages(
    control,
    (message) => onMessage(message),
    () => child.kill('SIGKILL'),
  );
  const complained = keepComplaints(complaints);
  let started = false;
  child.once('error', (error) => ready.reject(error));
  child.once('close', (exitCode, signal) => {
    const said = complained();
    // Once a program runs, it is the program that makes its engine complain.
    if (said !== '') options.log[started ? 'debug' : 'warn']({ engine: engine.name, said }, 'a guest complained');
    ready.reject(new Error(`the ${engine.name} process ended while it started (${signal ?? exitCode})`));
  });
  control.on('error', () => {});

  const run = async (program: Program, { limits, compileMs, signal, onRunning }: RunOptions): Promise<GuestEnd> => {
    started = true;
    const before = readUsage(child.pid ?? 0);
    const collector = createCollector(limits.outputBytes);
    const startedAt = performance.now();
    let stage: GuestEnd['stage'] = compileMs === undefined ? 'run' : 'compile';
    let stopped: StopReason | null = null;
    let report: Report | undefined;
    let wallMs: number | undefined;
    let peakBytes = before?.residentBytes ?? 0;
    let last = before;
    const measure = () => {
      last = readUsage(child.pid ?? 0) ?? last;
      peakBytes = Math.max(peakBytes, last?.residentBytes ?? 0);
    };
    const stop = (reason: StopReason | null) => {
      if (wallMs !== undefined) return;
      wallMs = performance.now() - startedAt;
      stopped = reason;
      measure();
      child.kill('SIGKILL');
    };
    const collect = (name: 'stdout' | 'stderr') => (chunk: Buffer) => {
      if (!collector.add(name, chunk)) stop('output-limit');
    };
    stdout.on('data', collect('stdout'));
    stderr.on('data', collect('stderr'));
    onMessage = (message) => {
      if (message.type === 'running' && stage === 'compile') {
        stage = 'run';
        clearTimeout(timer);
        timer = setTimeout(stop, limits.wallMs, 'time-limit');
        onRunning?.();
      } else if (message.type === 'done') {
        report = message;
        stop(null);
      }
    };
    let timer = setTimeout(stop, compileMs ?? limits.wallMs, 'time-limit');
    const memoryCeiling = peakBytes + limits.memoryBytes + limits.diskBytes + overheadBytes;
    const watch = setInterval(() => {
      measure();
      if (peakBytes > memoryCeiling) stop('memory-limit');
    }, watchMs);
    const cancel = () => stop('cancelled');
    signal.addEventListener('abort', cancel);
    if (signal.aborted) cancel();
    else control.end(JSON.stringify(program));

    await closed;
    clearTimeout(timer);
    clearInterval(watch);
    signal.removeEventListener('abort', cancel);
    const measured = before !== undefined && last !== undefined;
    return {
      ...collector.take(),
      stopped,
      stage,
      report,
      exitCode: child.exitCode,
      signal: child.signalCode,
      outOfMemory: complained().includes('heap out of memory'),
      wallMs: Math.round(wallMs ?? performance.now() - startedAt),
      cpuMs: report?.cpuMs ?? (measured ? last!.cpuMs - before.cpuMs : null),
      memoryBytes: measured ? peakBytes - before.residentBytes : (report?.memoryBytes ?? null),
    };
  };

  return {
    pid: child.pid ?? 0,
    ready: ready.promise,
    closed,
    exitCode: () => child.exitCode,
    run,
    kill: async () => {
      child.kill('SIGKILL');
      stdout.resume();
      stderr.resume();
      await closed;
    },
  };
}

/** Programs of a class come after the server, yet are not starved by it; threads made later inherit it. */
function yieldProcessor(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    os.setPriority(child.pid, niceness);
  } catch {
    // Not allowed in some containers; the limits hold all the same.
  }
}

function readMessages(control: Readable, take: (message: GuestMessage) => void, broken: () => void): void {
  let text = '';
  control.setEncoding('utf8');
  control.on('data', (chunk: string) => {
    text += chunk;
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n')) {
      const message = guestMessageSchema.safeParse(parse(text.slice(0, end)));
      text = text.slice(end + 1);
      if (!message.success) return broken();
      take(message.data);
    }
    if (text.length > maxMessageChars) broken();
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function keepComplaints(stream: Readable): () => string {
  let text = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    if (text.length < maxComplaintChars) text += chunk.slice(0, maxComplaintChars - text.length);
  });
  return () => text.trim();
}
