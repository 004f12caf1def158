import { z } from 'zod';
import { idSchema } from '../ids.ts';
import { limits } from '../limits.ts';
import { filePathSchema, languageSchema } from '../run.ts';

export const documentFileSchema = z
  .object({ id: idSchema, path: filePathSchema, language: languageSchema, text: z.string() })
  .meta({ id: 'DocumentFile' });

export const documentSchema = z
  .object({ files: z.array(documentFileSchema), epoch: z.number().int() })
  .meta({ id: 'Document' });
export type DocumentFiles = z.infer<typeof documentSchema>;

export const createFileBodySchema = z.strictObject({
  path: filePathSchema,
  language: languageSchema,
  text: z.string().max(limits.fileTextChars).optional(),
});

export const updateFileBodySchema = z
  .strictObject({ path: filePathSchema.optional(), language: languageSchema.optional() })
  .refine((body) => body.path !== undefined || body.language !== undefined, 'give path or language');
