import { z } from 'zod';
import { runStatusSchema } from './run.ts';
import { modeSchema, roleSchema } from './roles.ts';

/** The `user` field of every awareness state: written by the server, whatever the client sent. */
export const awarenessUserSchema = z.object({
  id: z.string(),
  name: z.string(),
  color: z.string(),
  role: roleSchema,
});
export type AwarenessUser = z.infer<typeof awarenessUserSchema>;

/** The last run of a document as everyone in it sees it; `tail` is the end of its output, at most 1 kB of UTF-8. */
export const awarenessRunSchema = z.object({
  seq: z.number().int(),
  runId: z.string(),
  status: runStatusSchema,
  language: z.string(),
  by: z.object({ id: z.string(), name: z.string() }),
  exitCode: z.number().int().nullable(),
  tail: z.string(),
  startedAt: z.number().nullable(),
  finishedAt: z.number().nullable(),
});
export type AwarenessRun = z.infer<typeof awarenessRunSchema>;

/** The server's own awareness state. When several are present the highest `run.seq` counts. */
export const serverAwarenessSchema = z.object({
  kind: z.literal('server'),
  epoch: z.number().int(),
  mode: modeSchema,
  log: z.enum(['ok', 'buffering', 'full']),
  run: awarenessRunSchema.optional(),
});
export type ServerAwareness = z.infer<typeof serverAwarenessSchema>;

/** Cursor colours with at least 3:1 contrast on white and on the dark editor background. */
const cursorColors = ['#d33682', '#268bd2', '#b58900', '#2aa198', '#cb4b16', '#6c71c4', '#3c8f3c', '#c2554d'] as const;

/** The same person has the same cursor colour everywhere. */
export function cursorColor(userId: string): string {
  let hash = 0;
  for (const char of userId) hash = (hash * 31 + char.codePointAt(0)!) >>> 0;
  return cursorColors[hash % cursorColors.length]!;
}
