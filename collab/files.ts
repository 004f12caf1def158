import type * as Y from 'yjs';
import { z } from 'zod';
import type { FileEdit } from '#contract/bus.ts';
import { AppError } from '#contract/errors.ts';
import { limits } from '#contract/limits.ts';

/**
 * The files of a document: `getMap('files')` maps id → {path, language} and is written by the server alone; the text of
 * a file is the top-level `getText('f:' + id)`, so that two files made at once can never swallow each other.
 */
export const mainFileId = 'main';

export type File = { id: string; path: string; language: string; text: string };

const entrySchema = z.object({ path: z.string(), language: z.string() });

export function fileText(doc: Y.Doc, fileId: string): Y.Text {
  return doc.getText(`f:${fileId}`);
}

export function fileMap(doc: Y.Doc): Y.Map<unknown> {
  return doc.getMap('files');
}

/** All files, `main` first, then by path. */
export function readFiles(doc: Y.Doc): File[] {
  const files: File[] = [];
  for (const [id, value] of fileMap(doc)) {
    const entry = entrySchema.safeParse(value);
    if (entry.success) files.push({ id, ...entry.data, text: fileText(doc, id).toJSON() });
  }
  const rank = (file: File) => (file.id === mainFileId ? 0 : 1);
  return files.toSorted((a, b) => rank(a) - rank(b) || (a.path < b.path ? -1 : 1));
}

export function writeFile(doc: Y.Doc, file: File): void {
  doc.transact(() => {
    fileMap(doc).set(file.id, { path: file.path, language: file.language });
    if (file.text !== '') fileText(doc, file.id).insert(0, file.text);
  });
}

/** Carries out one edit of the file list. Throws AppError `path-taken`, `not-found`, `file-required` or `validation-failed`. */
export function editFiles(doc: Y.Doc, edit: FileEdit): void {
  const files = readFiles(doc);
  const current = files.find((file) => file.id === edit.fileId);
  if (edit.type !== 'create' && current === undefined) throw new AppError('not-found', 'This file does not exist.');
  if (edit.type !== 'delete' && edit.path !== undefined) {
    const taken = files.some((file) => file.path === edit.path && file.id !== edit.fileId);
    if (taken) throw new AppError('path-taken', `There is a file ${edit.path} already; choose another path.`);
  }
  if (edit.type === 'create') {
    if (files.length >= limits.filesPerDocument) {
      throw new AppError('validation-failed', `A document holds at most ${limits.filesPerDocument} files.`);
    }
    return writeFile(doc, { id: edit.fileId, path: edit.path, language: edit.language, text: edit.text });
  }
  if (edit.type === 'update') {
    const { path, language } = { path: edit.path ?? current!.path, language: edit.language ?? current!.language };
    fileMap(doc).set(edit.fileId, { path, language });
    return;
  }
  if (edit.fileId === mainFileId) throw new AppError('file-required', 'The main file stays; rename it instead.');
  doc.transact(() => {
    fileMap(doc).delete(edit.fileId);
    const text = fileText(doc, edit.fileId);
    text.delete(0, text.length);
  });
}
