import { availableParallelism } from 'node:os';
import { defaultRunLimits, type FinalStatus, type RunJob, type RunResult } from '#contract/run.ts';
import type { Log } from '#platform/log.ts';
import type { Executor } from '../executor.ts';
import { bundleMaker, engineOf, javascriptEngine, offeredLanguages, pythonEngine, type Engine } from './engines.ts';
import { spawnGuest } from './guest-process.ts';
import { makeFile, type MadeFile } from './made-file.ts';
import { createPool, type Pool } from './pool.ts';
import { runInGuest, type GuestEnd } from './run-in-guest.ts';

type WasmDeps = { log: Log; engines?: Engine[] };

/**
 * The level that needs nothing but Node: QuickJS and Pyodide in WebAssembly, each program in a process of its own that
 * may do next to nothing, is used once and killed. Processor time is measured, not limited: the wall limit ends an endless
 * loop, as a person would expect it. There are no processes inside.
 */
export function openWasmExecutor({ log, engines = [javascriptEngine, pythonEngine] }: WasmDeps): Executor {
  const atOnce = availableParallelism();
  const bundle = makeFile({ maker: bundleMaker, what: 'bundle', log });
  const opened = new Map(engines.map((engine) => [engine, openEngine({ engine, bundle, atOnce, log })]));

  return {
    isolation: 'wasm',
    languages: offeredLanguages().filter(({ id }) => opened.has(engineOf[id]!)),
    limits: { ...defaultRunLimits, cpuMs: defaultRunLimits.wallMs, processes: 1 },
    execute: async (job, { signal, progress }) => {
      const compiles = job.language === 'typescript';
      const guest = await opened.get(engineOf[job.language]!)!.take(signal);
      const tell = (status: 'compiling' | 'running') =>
        void progress({ status }).catch((error: unknown) => log.warn({ error, runId: job.runId }, 'stage not told'));
      tell(compiles ? 'compiling' : 'running');
      const end = await runInGuest(
        guest,
        {
          language: job.language,
          files: job.files,
          entry: job.entry,
          args: job.args,
          stdin: job.stdin.text ?? '',
          memoryBytes: job.limits.memoryBytes,
          diskBytes: job.limits.diskBytes,
        },
        {
          limits: job.limits,
          compileMs: compiles ? job.compileLimits.wallMs : undefined,
          signal,
          onRunning: () => tell('running'),
        },
      );
      return resultOf(job, end);
    },
    close: async () => {
      await Promise.all([...opened.values()].map((engine) => engine.close()));
      await bundle.close();
    },
  };
}

function openEngine(deps: { engine: Engine; bundle: MadeFile; atOnce: number; log: Log }): Pool {
  const { engine, bundle, atOnce, log } = deps;
  if (engine !== pythonEngine) {
    const start = () => spawnGuest(engine, { bundle: bundle.descriptor(), log });
    return createPool({ start, spare: 1, atOnce, ahead: bundle.settled, log });
  }
  // A booted Python, with the driver and the common modules in it: from there it is a fraction of the way.
  const maker = { ...engine, args: [...engine.args, 'make-snapshot'] };
  const snapshot = makeFile({ maker, after: bundle, what: 'snapshot', log });
  const start = () => {
    const made = snapshot.descriptor();
    const mode = made === undefined ? 'boot' : 'from-snapshot';
    return spawnGuest({ ...engine, args: [...engine.args, mode] }, { made, bundle: bundle.descriptor(), log });
  };
  const pool = createPool({ start, spare: 1, atOnce, ahead: snapshot.settled, log });
  return {
    take: pool.take,
    close: async () => {
      await pool.close();
      await snapshot.close();
    },
  };
}

function statusOf(end: GuestEnd): FinalStatus {
  if (end.stopped !== null) return end.stopped;
  if (end.report !== undefined) return end.report.status;
  // V8 gives up with an abort when its own heap is full, and the system kills who takes its last memory.
  if (end.outOfMemory || end.signal === 'SIGKILL') return 'memory-limit';
  return end.signal === null ? 'internal-error' : 'signaled';
}

function resultOf(job: RunJob, end: GuestEnd): RunResult {
  const status = statusOf(end);
  const compile = compileOf(end);
  return {
    v: 1,
    runId: job.runId,
    status,
    stage: end.stage,
    exitCode: end.stopped === null ? (end.report?.exitCode ?? null) : null,
    signal: status === 'signaled' ? end.signal : null,
    stdout: end.stdout,
    stderr: end.stderr,
    truncated: end.truncated,
    wallMs: end.wallMs,
    cpuMs: end.cpuMs,
    memoryBytes: end.memoryBytes,
    ...(compile !== undefined && { compile }),
    isolation: 'wasm',
  };
}

function compileOf({ report, wallMs, compiledMs }: GuestEnd): RunResult['compile'] {
  if (compiledMs !== null) return { exitCode: 0, wallMs: compiledMs, output: '', diagnostics: [] };
  if (report?.diagnostics === undefined) return undefined;
  const { diagnostics } = report;
  const lines = diagnostics.map(({ file, line, column, message }) => `${file}:${line}:${column}: error: ${message}\n`);
  return { exitCode: 1, wallMs, output: lines.join(''), diagnostics };
}
