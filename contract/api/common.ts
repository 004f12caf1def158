import { z } from 'zod';
import { idSchema } from '../ids.ts';

/** ISO 8601 in UTC, as `Date.prototype.toISOString` writes it. */
export const timeSchema = z.iso.datetime();

/** Text a person reads: trimmed, no control characters, at most `max` UTF-16 units. */
export function shownText(max: number) {
  return z
    .string()
    .trim()
    .min(1)
    .max(max)
    .regex(/^[^\u0000-\u001f\u007f]*$/u, 'must not contain control characters');
}

export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    detail: z.string(),
    instance: z.string(),
    code: z.string(),
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  })
  .meta({ id: 'Problem', description: 'RFC 9457 problem details with a stable `code`.' });

/** `?limit&cursor` of every list. */
export const pageQuerySchema = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50).describe('At most so many items.'),
  cursor: idSchema.optional().describe('`nextCursor` of the page before.'),
});

export function pageOf<T extends z.ZodType>(item: T) {
  return z.object({ items: z.array(item), nextCursor: z.string().nullable() });
}
