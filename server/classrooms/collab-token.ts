import type { CollabToken } from '#contract/api/classrooms.ts';
import { type DocumentName, formatDocumentName, parseDocumentName } from '#contract/document-name.ts';
import type { Db } from '#platform/db/schema.ts';
import type { ApiDeps } from '../deps.ts';
import { accessTo, type Membership, requireOpen } from './policy.ts';
import { listDocuments } from './store.ts';

/** A document is made when it is first opened, with this epoch. */
const firstEpoch = 1;

/**
 * A token for the document sockets of one classroom, and all that this person may open there. The token itself lists
 * nothing: rights are judged at each connect. Throws `not-open-yet`.
 */
export async function issueCollabToken(
  deps: Pick<ApiDeps, 'db' | 'clock' | 'config' | 'tokens'>,
  member: Membership,
  sessionId: string,
): Promise<CollabToken> {
  requireOpen(member, deps.clock.now());
  const documents = (await documentsFor(deps.db, member)).flatMap(({ name, epoch }) => {
    const access = accessTo(member, name);
    if (access === 'none') return [];
    return [{ name: formatDocumentName(name), kind: name.kind, access, epoch, userId: name.userId }];
  });
  const { token, expiresIn } = deps.tokens.sign('collab', {
    sub: member.userId,
    sid: sessionId,
    cls: member.classroom.id,
  });
  return { token, expiresIn, url: `${deps.config.http.publicUrl.replace(/^http/, 'ws')}/collab`, documents };
}

/** The class document and one's own workspace, there or not, then every workspace there is. */
async function documentsFor(db: Db, member: Membership): Promise<{ name: DocumentName; epoch: number }[]> {
  const classroomId = member.classroom.id;
  const stored = new Map((await listDocuments(db, classroomId)).map(({ name, epoch }) => [name, epoch]));
  const always: DocumentName[] = [
    { kind: 'main', classroomId },
    { kind: 'workspace', classroomId, userId: member.userId },
  ];
  const names = new Set([...always.map(formatDocumentName), ...stored.keys()]);
  return [...names].flatMap((text) => {
    const name = parseDocumentName(text);
    if (name === undefined || name.kind === 'wall') return [];
    return [{ name, epoch: stored.get(text) ?? firstEpoch }];
  });
}
