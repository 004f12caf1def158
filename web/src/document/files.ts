import { z } from 'zod';

export interface FileEntry {
  id: string;
  path: string;
  language: string;
}

const entrySchema = z.object({ path: z.string(), language: z.string() });

/** Every document keeps this file. */
export const mainFileId = 'main';

/** The files of a document from its `files` map (contract §3): the main file first, the others by path. */
export function readFiles(map: Record<string, unknown>): FileEntry[] {
  const files: FileEntry[] = [];
  for (const [id, value] of Object.entries(map)) {
    const entry = entrySchema.safeParse(value);
    if (entry.success) files.push({ id, path: entry.data.path, language: entry.data.language });
  }
  const rank = (file: FileEntry) => (file.id === mainFileId ? 0 : 1);
  return files.toSorted((a, b) => rank(a) - rank(b) || a.path.localeCompare(b.path));
}
