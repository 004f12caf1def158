import { z } from 'zod';
import { idSchema } from './ids.ts';

/** Run states: the live ones in order, then exactly one of the final ones. */
export const liveStatuses = ['queued', 'compiling', 'running'] as const;
export const finalStatuses = [
  'ok',
  'runtime-error',
  'compile-error',
  'time-limit',
  'cpu-limit',
  'memory-limit',
  'output-limit',
  'signaled',
  'cancelled',
  'expired',
  'rejected',
  'lost',
  'internal-error',
] as const;

export const runStatusSchema = z.enum([...liveStatuses, ...finalStatuses]).meta({ id: 'RunStatus' });
export type RunStatus = z.infer<typeof runStatusSchema>;

export const finalStatusSchema = z.enum(finalStatuses);
export type FinalStatus = z.infer<typeof finalStatusSchema>;

export function isFinal(status: RunStatus): status is FinalStatus {
  return (finalStatuses as readonly string[]).includes(status);
}

/** Languages are names in kebab or lower case; workers by others may bring new ones. */
export const languageSchema = z.string().regex(/^[a-z][a-z0-9+#-]{0,31}$/, 'must be a language name such as "python"');

/** A relative POSIX path inside a program: no empty, `.` or `..` segment, no backslash, no control character. */
export const filePathSchema = z
  .string()
  .min(1)
  .max(200)
  .regex(
    /^(?!\/)(?!.*(?:^|\/)\.{0,2}(?:\/|$))[^\\\u0000-\u001f\u007f]+$/,
    'must be a relative path such as "src/main.py"',
  );

export const runFileSchema = z.object({ path: filePathSchema, content: z.string() });
export type RunFile = z.infer<typeof runFileSchema>;

/** Milliseconds, bytes, counts. A worker clamps them; a client can only lower them. */
export const runLimitsSchema = z.object({
  wallMs: z.number().int().positive(),
  cpuMs: z.number().int().positive(),
  memoryBytes: z.number().int().positive(),
  outputBytes: z.number().int().positive(),
  processes: z.number().int().positive(),
  diskBytes: z.number().int().positive(),
});
export type RunLimits = z.infer<typeof runLimitsSchema>;

export const defaultRunLimits: RunLimits = {
  wallMs: 10_000,
  cpuMs: 5_000,
  memoryBytes: 256 * 1024 * 1024,
  outputBytes: 1024 * 1024,
  processes: 64,
  diskBytes: 64 * 1024 * 1024,
};

export const defaultCompileLimits: RunLimits = {
  wallMs: 15_000,
  cpuMs: 15_000,
  memoryBytes: 512 * 1024 * 1024,
  outputBytes: 64 * 1024,
  processes: 64,
  diskBytes: 64 * 1024 * 1024,
};

/** Queue contract v1, `job.data` of the BullMQ queue `run-<language>`; times in epoch ms. */
export const runJobSchema = z.object({
  v: z.literal(1),
  runId: idSchema,
  classroomId: idSchema,
  document: z.string().optional(),
  by: idSchema,
  language: languageSchema,
  files: z.array(runFileSchema).min(1),
  entry: filePathSchema,
  args: z.array(z.string()),
  codeHash: z.string(),
  stdin: z.object({ mode: z.enum(['text', 'stream']), text: z.string().optional() }),
  limits: runLimitsSchema,
  compileLimits: runLimitsSchema,
  deadline: z.number().int(),
  createdAt: z.number().int(),
});
export type RunJob = z.infer<typeof runJobSchema>;

export const isolationSchema = z.enum(['full', 'guarded', 'wasm', 'remote']).meta({ id: 'Isolation' });
export type Isolation = z.infer<typeof isolationSchema>;

export const diagnosticSchema = z
  .object({
    file: z.string(),
    line: z.number().int(),
    column: z.number().int(),
    severity: z.enum(['error', 'warning', 'note']),
    message: z.string(),
  })
  .meta({ id: 'Diagnostic' });

/**
 * Queue contract v1, the return value of a job. A program's own failure is a completed job; a failed job means
 * infrastructure. A minimal worker returns v, runId, status, exitCode, stdout and stderr.
 */
export const runResultSchema = z.object({
  v: z.literal(1),
  runId: idSchema,
  status: finalStatusSchema,
  stage: z.enum(['compile', 'run']).default('run'),
  exitCode: z.number().int().nullable().default(null),
  signal: z.string().nullable().default(null),
  stdout: z.string().default(''),
  stderr: z.string().default(''),
  truncated: z.boolean().default(false),
  wallMs: z.number().nullable().default(null),
  cpuMs: z.number().nullable().default(null),
  memoryBytes: z.number().nullable().default(null),
  compile: z
    .object({
      exitCode: z.number().int().nullable(),
      wallMs: z.number().optional(),
      output: z.string(),
      diagnostics: z.array(diagnosticSchema),
    })
    .optional(),
  isolation: isolationSchema.default('remote'),
  lastSeq: z.number().int().optional(),
});
export type RunResult = z.infer<typeof runResultSchema>;

/** Stage news of an active job (`job.updateProgress`). */
export const runProgressSchema = z.object({ status: z.enum(['compiling', 'running']) });
export type RunProgress = z.infer<typeof runProgressSchema>;

/** What travels on the control stream of a run. */
export const runControlSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('cancel') }),
  z.object({ type: z.literal('stdin'), d: z.string() }),
  z.object({ type: z.literal('eof') }),
]);
export type RunControl = z.infer<typeof runControlSchema>;

/** A worker's entry in the hash `{lectern}:workers`, renewed every 5 s; older than 15 s means gone. */
export const workerRegistrationSchema = z.object({
  v: z.literal(1),
  languages: z.array(z.object({ id: languageSchema, version: z.string() })),
  limits: runLimitsSchema.partial().optional(),
  isolation: isolationSchema.default('remote'),
  slots: z.number().int().positive().default(1),
  heartbeatAt: z.number().int(),
});
export type WorkerRegistration = z.infer<typeof workerRegistrationSchema>;

export const workerHeartbeatMs = 5_000;
export const workerGoneAfterMs = 15_000;
