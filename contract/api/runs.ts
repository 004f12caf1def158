import { z } from 'zod';
import { idSchema } from '../ids.ts';
import { limits } from '../limits.ts';
import {
  diagnosticSchema,
  filePathSchema,
  isolationSchema,
  languageSchema,
  runLimitsSchema,
  runStatusSchema,
} from '../run.ts';
import { timeSchema } from './common.ts';

const common = {
  classroomId: idSchema,
  stdin: z.string().max(limits.stdinBytes).optional(),
  args: z.array(z.string().max(1000)).max(50).optional(),
};

const postedFileSchema = z.strictObject({ path: filePathSchema, content: z.string().max(2 * limits.sourceBytes) });

/** The files of a document, read by the server, or files posted with the request, or one of them as `code`. */
export const runBodySchema = z.union(
  [
    z.strictObject({ ...common, document: z.string().max(160), file: idSchema.optional() }),
    z.strictObject({
      ...common,
      language: languageSchema,
      files: z.array(postedFileSchema).min(1).max(limits.filesPerDocument),
      entry: filePathSchema.optional(),
    }),
    z.strictObject({
      ...common,
      language: languageSchema,
      code: z.string().max(2 * limits.sourceBytes),
      encoding: z.literal('base64').optional(),
    }),
  ],
  {
    error:
      'must hold `document`, or `language` and `files`, or `language` and `code`, and nothing that does not belong to it',
  },
);
export type RunBody = z.infer<typeof runBodySchema>;

export const runAcceptedSchema = z
  .object({ runId: idSchema, status: runStatusSchema, position: z.number().int().nullable() })
  .meta({ id: 'RunAccepted' });

export const runSchema = z
  .object({
    id: idSchema,
    classroomId: idSchema,
    document: z.string().nullable(),
    language: languageSchema,
    by: z.object({ id: idSchema, name: z.string() }),
    status: runStatusSchema,
    stage: z.enum(['compile', 'run']).nullable(),
    exitCode: z.number().int().nullable(),
    signal: z.string().nullable(),
    stdout: z.string(),
    stderr: z.string(),
    compile: z
      .object({ exitCode: z.number().int().nullable(), output: z.string(), diagnostics: z.array(diagnosticSchema) })
      .nullable(),
    wallMs: z.number().nullable(),
    cpuMs: z.number().nullable(),
    memoryBytes: z.number().nullable(),
    queueMs: z.number().nullable(),
    truncated: z.boolean(),
    isolation: isolationSchema.nullable(),
    codeHash: z.string(),
    createdAt: timeSchema,
    startedAt: timeSchema.nullable(),
    finishedAt: timeSchema.nullable(),
  })
  .meta({ id: 'Run' });
export type Run = z.infer<typeof runSchema>;

export const languagesSchema = z
  .object({
    items: z.array(
      z.object({
        id: languageSchema,
        version: z.string(),
        isolation: isolationSchema,
        limits: runLimitsSchema.partial(),
      }),
    ),
  })
  .meta({ id: 'Languages' });
