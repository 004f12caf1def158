import { formatDocumentName, parseDocumentName } from '#contract/document-name.ts';
import { AppError } from '#contract/errors.ts';
import { isStaff } from '#contract/roles.ts';
import { accessTo, type Membership } from '../classrooms/policy.ts';
import type { RunHead, Visible } from './store.ts';

/** Runs of a document are seen by all who may open it; runs of posted files by their author and the staff. */
export function maySee(member: Membership, run: Pick<RunHead, 'user_id' | 'document'>): boolean {
  if (run.user_id === member.userId || isStaff(member.role)) return true;
  const document = run.document === null ? undefined : parseDocumentName(run.document);
  return document !== undefined && accessTo(member, document) !== 'none';
}

/** The same rule for a whole list. */
export function visibleTo(member: Membership): Visible {
  if (isStaff(member.role)) return 'all';
  const { userId } = member;
  const classroomId = member.classroom.id;
  const anotherWorkspace = accessTo(member, { kind: 'workspace', classroomId, userId: '' });
  if (anotherWorkspace !== 'none') return { userId, documents: 'all' };
  const names = [{ kind: 'main', classroomId } as const, { kind: 'workspace', classroomId, userId } as const];
  return {
    userId,
    documents: names.filter((name) => accessTo(member, name) !== 'none').map((name) => formatDocumentName(name)),
  };
}

/** Throws `forbidden` for anybody but the author and the staff. */
export function requireCancel(member: Membership, run: Pick<RunHead, 'user_id'>): void {
  if (run.user_id !== member.userId && !isStaff(member.role))
    throw new AppError('forbidden', 'Only the author, the owner and the assistants may cancel this run.');
}
