import { readdirSync, readFileSync } from 'node:fs';
import { defaultRunLimits, runResultSchema, type RunFile, type RunLimits, type RunResult } from '#contract/run.ts';
import type { Executor } from '../../worker/executor.ts';
import type { Engine } from '../../worker/wasm/engines.ts';
import { openWasmExecutor } from '../../worker/wasm/executor.ts';
import { testLog } from './databases.ts';
import { runJob } from './run-jobs.ts';

const endings: Record<string, string> = { javascript: 'js', typescript: 'ts', python: 'py' };

export type ProgramOptions = {
  stdin?: string;
  args?: string[];
  entry?: string;
  limits?: Partial<RunLimits>;
  abort?: AbortSignal;
  onProgress?: (status: string) => void;
};

/** The WASM executor with all engines or some, and with less to write for each program. */
export function openPrograms(engines?: Engine[]): {
  executor: Executor;
  /** Runs one file, or several of which the first is the entry. */
  run(language: string, source: string | Record<string, string>, options?: ProgramOptions): Promise<RunResult>;
  close(): Promise<void>;
} {
  const executor = openWasmExecutor({ log: testLog, engines });
  return {
    executor,
    run: async (language, source, options = {}) => {
      const named = typeof source === 'string' ? { [`main.${endings[language]}`]: source } : source;
      const files: RunFile[] = Object.entries(named).map(([path, content]) => ({ path, content }));
      const job = runJob(language, {
        files,
        entry: options.entry ?? files[0]!.path,
        args: options.args ?? [],
        stdin: { mode: 'text', text: options.stdin },
        limits: { ...defaultRunLimits, ...options.limits },
      });
      const result = await executor.execute(job, {
        signal: options.abort ?? new AbortController().signal,
        progress: async ({ status }) => options.onProgress?.(status),
        onControl: () => {},
      });
      return runResultSchema.parse(result);
    },
    close: () => executor.close(),
  };
}

/** The processes this one has started and that still are. Linux only. */
export function childProcesses(): number[] {
  // Not /proc/self/task/…/children, which may skip some while others come and go.
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && parentOf(name) === process.pid)
    .map(Number);
}

/** Undefined for a process that has gone, or has ended and only waits to be reaped. */
function parentOf(pid: string): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // pid (name) state parent …; the name may hold anything.
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return state === 'Z' ? undefined : Number(parent);
  } catch {
    return undefined;
  }
}
