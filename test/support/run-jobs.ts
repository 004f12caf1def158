import { randomUUID } from 'node:crypto';
import { defaultCompileLimits, defaultRunLimits, type RunJob } from '#contract/run.ts';

/** A job as the bridge would add it. */
export function runJob(language: string, overrides: Partial<RunJob> = {}): RunJob {
  return {
    v: 1,
    runId: randomUUID(),
    classroomId: 'c1',
    by: 'u1',
    language,
    files: [{ path: 'main.py', content: 'print(1)' }],
    entry: 'main.py',
    args: [],
    codeHash: '0',
    stdin: { mode: 'text', text: '' },
    limits: defaultRunLimits,
    compileLimits: defaultCompileLimits,
    deadline: Date.now() + 60_000,
    createdAt: Date.now(),
    ...overrides,
  };
}
