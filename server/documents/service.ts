import type { DocumentFiles } from '#contract/api/documents.ts';
import type { FileEdit } from '#contract/bus.ts';
import { type DocumentName, formatDocumentName } from '#contract/document-name.ts';
import { AppError } from '#contract/errors.ts';
import type { Bus } from '#platform/bus/bus.ts';
import type { Db } from '#platform/db/schema.ts';
import { accessTo, type Membership, requireOpen } from '../classrooms/policy.ts';
import { mayExist } from '../classrooms/service.ts';

/**
 * Whether this member may read, or write, a document. What somebody may not open does not exist for him: `not-found`;
 * a reader who wants to write is `forbidden`; before the classroom opens it is `not-open-yet`.
 */
export async function requireDocument(
  deps: { db: Db; now: number },
  member: Membership,
  document: DocumentName,
  need: 'read' | 'write',
): Promise<void> {
  const foreign = document.classroomId !== member.classroom.id;
  // The wall has no content in this version.
  const access = foreign || document.kind === 'wall' ? 'none' : accessTo(member, document);
  if (access === 'none' || !(await mayExist(deps.db, document)))
    throw new AppError('not-found', 'There is no such document here, or you may not open it.');
  requireOpen(member, deps.now);
  if (need === 'write' && access === 'read')
    throw new AppError('forbidden', 'You may read this document now, but not change it.');
}

/** The files as they are now, all edits that anyone has seen included. Throws `unavailable`. */
export function readDocument(bus: Bus, document: DocumentName): Promise<DocumentFiles> {
  return bus.request('document.read', { name: formatDocumentName(document) });
}

/** Edits the list of files on a person's behalf. Throws `path-taken`, `file-required`, `not-found`, `unavailable`. */
export function editFiles(bus: Bus, document: DocumentName, userId: string, edit: FileEdit): Promise<DocumentFiles> {
  return bus.request('document.edit-files', { name: formatDocumentName(document), userId, edit });
}
