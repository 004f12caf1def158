import type { DocumentFiles } from '#contract/api/documents.ts';
import type { RequestBody } from '#contract/bus.ts';
import { AppError } from '#contract/errors.ts';
import type { Bus } from '#platform/bus/bus.ts';

type File = DocumentFiles['files'][number];

/** The other side of the document questions on the bus: files in memory, with the rules that collab keeps. */
export async function answerDocuments(bus: Bus, first: Record<string, File[]> = {}) {
  const documents = new Map<string, File[]>(Object.entries(first));
  const edits: RequestBody<'document.edit-files'>[] = [];
  const filesOf = (name: string) =>
    documents.get(name) ?? [{ id: 'main', path: 'main.py', language: 'python', text: '' }];

  await bus.respond('document.read', async ({ name }) => ({ epoch: 3, files: filesOf(name) }));
  await bus.respond('document.edit-files', async (request) => {
    edits.push(request);
    const { name, edit } = request;
    const files = filesOf(name);
    const found = files.find((file) => file.id === edit.fileId);
    if (edit.type !== 'create' && found === undefined) throw new AppError('not-found', 'This file does not exist.');
    if (edit.type !== 'delete' && files.some((file) => file.path === edit.path && file.id !== edit.fileId))
      throw new AppError('path-taken', 'Choose another path.');
    const others = files.filter((file) => file.id !== edit.fileId);
    const { type: _, fileId, ...change } = edit;
    const edited = edit.type === 'delete' ? [] : [{ ...found, id: fileId, ...change } as File];
    documents.set(name, [...others, ...edited]);
    return { epoch: 3, files: filesOf(name) };
  });
  return { edits };
}
