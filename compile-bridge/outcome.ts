import { limits } from '#contract/limits.ts';
import { defaultCompileLimits, type RunResult, runResultSchema } from '#contract/run.ts';
import { utf8Head } from '#contract/utf8.ts';
import type { Settled } from '#platform/queue/run-queue.ts';
import type { Ending } from './store.ts';

/** How a settled job ends its run; `problem` says what an operator should know of it. */
export type Outcome = { ending: Ending; problem?: string };

const signalChars = 32;
const diagnosticsKept = 200;
const diagnosticChars = 2_000;

/**
 * Reads what the queue says of an ended job. Workers are written by others, so everything is checked and cut to what the
 * contract promises and the tables hold. `now` is epoch ms.
 */
export function outcomeOf(settled: Settled, now: number): Outcome {
  if (settled.outcome === 'failed') {
    // BullMQ's words for a worker that no longer renews its lock, and our worker's own for one that had to leave.
    const gone = /stalled|shut down/i.test(settled.reason);
    return { ending: { status: gone ? 'lost' : 'internal-error' }, problem: settled.reason.slice(0, 500) };
  }
  const parsed = runResultSchema.safeParse(settled.value);
  if (!parsed.success) {
    const issues = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    return { ending: { status: 'internal-error' }, problem: issues.join('; ').slice(0, 500) };
  }
  if (parsed.data.runId !== settled.runId)
    return { ending: { status: 'internal-error' }, problem: 'the result names another run' };
  return { ending: endingOf(parsed.data, now) };
}

function endingOf(result: RunResult, now: number): Ending {
  const output = capOutput(result.stdout, result.stderr);
  return {
    status: result.status,
    stage: result.stage,
    exit_code: result.exitCode,
    signal: result.signal?.slice(0, signalChars) ?? null,
    stdout: output.stdout,
    stderr: output.stderr,
    compile: result.compile === undefined ? null : JSON.stringify(capCompile(result.compile)),
    wall_ms: amount(result.wallMs),
    cpu_ms: amount(result.cpuMs),
    memory_bytes: amount(result.memoryBytes),
    truncated: result.truncated || output.cut ? 1 : 0,
    isolation: result.isolation,
    started_at: now - Math.round(amount(result.wallMs) ?? 0),
  };
}

/** At most 1 MiB together; each of the two keeps at least half of it when it needs that much. */
function capOutput(out: string, err: string): { stdout: string; stderr: string; cut: boolean } {
  const stdout = out.toWellFormed();
  const stderr = err.toWellFormed();
  const sizes = [Buffer.byteLength(stdout), Buffer.byteLength(stderr)] as const;
  const total = limits.runOutputBytes;
  if (sizes[0] + sizes[1] <= total) return { stdout, stderr, cut: false };
  const half = total / 2;
  return {
    stdout: utf8Head(stdout, total - Math.min(sizes[1], half)),
    stderr: utf8Head(stderr, total - Math.min(sizes[0], half)),
    cut: true,
  };
}

function capCompile(compile: NonNullable<RunResult['compile']>) {
  return {
    exitCode: compile.exitCode,
    output: utf8Head(compile.output.toWellFormed(), defaultCompileLimits.outputBytes),
    diagnostics: compile.diagnostics.slice(0, diagnosticsKept).map((diagnostic) => ({
      ...diagnostic,
      message: diagnostic.message.slice(0, diagnosticChars),
    })),
  };
}

function amount(value: number | null): number | null {
  return value === null ? null : Math.max(0, value);
}
