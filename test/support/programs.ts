import { readFileSync } from 'node:fs';
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
  const text = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8');
  return text.split(' ').filter(Boolean).map(Number);
}
