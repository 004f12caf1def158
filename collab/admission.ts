import type { AwarenessUser } from '#contract/awareness.ts';
import { cursorColor } from '#contract/awareness.ts';
import type { CloseReason } from '#contract/close-codes.ts';
import { parseDocumentName, type DocumentName } from '#contract/document-name.ts';
import { documentAccess, isStaff, modeSchema, roleSchema } from '#contract/roles.ts';
import type { Clock } from '#platform/clock.ts';
import type { Db } from '#platform/db/schema.ts';
import type { Claims, Tokens } from '#platform/tokens.ts';

/** Who is at the other end of a document socket and what they may do, as the database says right now. */
export type Admission = {
  name: DocumentName;
  sessionId: string;
  user: AwarenessUser;
  access: 'write' | 'read';
};

/** A lesson opens this long before its start; staff enter at any time. */
const opensBeforeMs = 10 * 60_000;

type Deps = { db: Db; tokens: Tokens; clock: Clock };

/** Judges a token for a document. Resolves to the reason when it is refused; rejects when the database is away. */
export async function admit(deps: Deps, token: string, documentName: string): Promise<Admission | CloseReason> {
  const name = parseDocumentName(documentName);
  // The wall has no content in this version, so there is nothing to open.
  if (name === undefined || name.kind === 'wall') return 'notFound';
  const claims = deps.tokens.verify('collab', token);
  if (claims === undefined) return 'unauthorized';
  if (claims.cls !== name.classroomId) return 'forbidden';
  return judge(deps, claims, name);
}

/** The same judgement for someone who is connected already. */
export async function judge(
  deps: Deps,
  claims: Claims<'collab'>,
  name: DocumentName,
): Promise<Admission | CloseReason> {
  const { db, clock } = deps;
  const session = await db
    .selectFrom('sessions')
    .innerJoin('users', 'users.id', 'sessions.user_id')
    .select(['users.id', 'users.name'])
    .where('sessions.id', '=', claims.sid)
    .where('sessions.user_id', '=', claims.sub)
    .where('sessions.revoked_at', 'is', null)
    .where('sessions.expires_at', '>', clock.now())
    .executeTakeFirst();
  if (session === undefined) return 'unauthorized';
  const membership = await db
    .selectFrom('members')
    .innerJoin('classrooms', 'classrooms.id', 'members.classroom_id')
    .select(['members.role', 'classrooms.mode', 'classrooms.starts_at', 'classrooms.ended_at'])
    .where('members.classroom_id', '=', name.classroomId)
    .where('members.user_id', '=', claims.sub)
    .where('members.banned_at', 'is', null)
    .where('classrooms.deleted_at', 'is', null)
    .executeTakeFirst();
  if (membership === undefined) return 'forbidden';

  const role = roleSchema.parse(membership.role);
  const mode = modeSchema.parse(membership.mode);
  const early = membership.starts_at !== null && clock.now() < membership.starts_at - opensBeforeMs;
  if (early && !isStaff(role)) return 'forbidden';
  const access = documentAccess({ userId: claims.sub, role }, mode, name, membership.ended_at !== null);
  if (access === 'none') return 'forbidden';
  if (name.kind === 'workspace' && !(await wasMember(db, name))) return 'notFound';
  return {
    name,
    sessionId: claims.sid,
    user: { id: session.id, name: session.name, color: cursorColor(session.id), role },
    access,
  };
}

async function wasMember(db: Db, name: DocumentName & { kind: 'workspace' }): Promise<boolean> {
  const member = await db
    .selectFrom('members')
    .select('user_id')
    .where('classroom_id', '=', name.classroomId)
    .where('user_id', '=', name.userId)
    .executeTakeFirst();
  if (member !== undefined) return true;
  // The workspace of someone who has left stays with the classroom.
  const document = await db
    .selectFrom('documents')
    .select('name')
    .where('classroom_id', '=', name.classroomId)
    .where('user_id', '=', name.userId)
    .executeTakeFirst();
  return document !== undefined;
}
