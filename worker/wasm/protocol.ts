import { z } from 'zod';
import { diagnosticSchema, type RunFile } from '#contract/run.ts';

export type Diagnostic = z.infer<typeof diagnosticSchema>;

/**
 * What passes between the worker and one of its guest processes. The worker sends one program as JSON on the control
 * pipe and closes its side; the guest answers with JSON lines. Output travels on pipes of its own.
 */
export type Program = {
  language: string;
  files: RunFile[];
  entry: string;
  args: string[];
  stdin: string;
  memoryBytes: number;
  diskBytes: number;
};

const reportSchema = z.object({
  type: z.literal('done'),
  status: z.enum(['ok', 'runtime-error', 'compile-error', 'memory-limit', 'internal-error']),
  exitCode: z.number().int().nullable(),
  cpuMs: z.number(),
  memoryBytes: z.number(),
  diagnostics: z.array(diagnosticSchema).optional(),
});
/** How a program ended, by its guest. A guest that was broken into can only lie about its own run. */
export type Report = z.infer<typeof reportSchema>;

export const guestMessageSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready') }),
  z.object({ type: z.literal('running') }),
  reportSchema,
]);
export type GuestMessage = z.infer<typeof guestMessageSchema>;
