import type { AwarenessUser } from '#contract/awareness.ts';
import { cursorColor } from '#contract/awareness.ts';
import type { CloseReason } from '#contract/close-codes.ts';
import { parseDocumentName, type DocumentName } from '#contract/document-name.ts';
import { documentAccess, isStaff, modeSchema, roleSchema } from '#contract/roles.ts';
import type { Clock } from '#platform/clock.ts';
import type { Db } from '#platform/db/schema.ts';
import type { Tokens } from '#platform/tokens.ts';

/** Who is at the other end of a document socket and what they may do, as the database says right now. */
export type Admission = {
  name: DocumentName;
  sessionId: string;
  user: AwarenessUser;
  access: 'write' | 'read';
  /** When the login session ends, epoch ms. */
  until: number;
};

/** A lesson opens this long before its start; staff enter at any time. */
const opensBeforeMs = 10 * 60_000;
/** Sessions looked up at once. */
const perQuery = 500;

type Deps = { db: Db; clock: Clock };

/** Judges a token for a document. Resolves to the reason when it is refused; rejects when the database is away. */
export async function admit(
  deps: Deps & { tokens: Tokens },
  token: string,
  documentName: string,
): Promise<Admission | CloseReason> {
  const name = parseDocumentName(documentName);
  // The wall has no content in this version, so there is nothing to open.
  if (name === undefined || name.kind === 'wall') return 'notFound';
  const claims = deps.tokens.verify('collab', token);
  if (claims === undefined) return 'unauthorized';
  if (claims.cls !== name.classroomId) return 'forbidden';
  const standings = await readStandings(deps, name.classroomId, [claims.sid]);
  const judgement = judge(deps, standings.get(claims.sid), { userId: claims.sub, sessionId: claims.sid, name });
  if (typeof judgement === 'string') return judgement;
  return (await exists(deps.db, judgement)) ? judgement : 'notFound';
}

/** The same judgement for people who are connected already, with one question to the database for each classroom. */
export async function judgeAgain(
  deps: Deps,
  admissions: readonly Admission[],
): Promise<Map<Admission, Admission | CloseReason>> {
  const judgements = new Map<Admission, Admission | CloseReason>();
  const byClassroom = Map.groupBy(admissions, ({ name }) => name.classroomId);
  for (const [classroomId, group] of byClassroom) {
    const standings = await readStandings(deps, classroomId, [...new Set(group.map(({ sessionId }) => sessionId))]);
    for (const admission of group) {
      const { name, sessionId, user } = admission;
      judgements.set(admission, judge(deps, standings.get(sessionId), { userId: user.id, sessionId, name }));
    }
  }
  return judgements;
}

type Standing = Awaited<ReturnType<typeof queryStandings>>[number];

/** What the database knows of these login sessions and of their people in a classroom; ended sessions are missing. */
async function readStandings(deps: Deps, classroomId: string, sessionIds: string[]): Promise<Map<string, Standing>> {
  const standings = new Map<string, Standing>();
  for (let from = 0; from < sessionIds.length; from += perQuery) {
    const rows = await queryStandings(deps, classroomId, sessionIds.slice(from, from + perQuery));
    for (const row of rows) standings.set(row.sessionId, row);
  }
  return standings;
}

function queryStandings({ db, clock }: Deps, classroomId: string, sessionIds: string[]) {
  return db
    .selectFrom('sessions')
    .innerJoin('users', 'users.id', 'sessions.user_id')
    .leftJoin('members', (join) =>
      join
        .onRef('members.user_id', '=', 'users.id')
        .on('members.classroom_id', '=', classroomId)
        .on('members.banned_at', 'is', null),
    )
    .leftJoin('classrooms', (join) =>
      join.onRef('classrooms.id', '=', 'members.classroom_id').on('classrooms.deleted_at', 'is', null),
    )
    .select(['sessions.id as sessionId', 'sessions.expires_at as until', 'users.id as userId', 'users.name'])
    .select(['members.role', 'classrooms.mode', 'classrooms.starts_at', 'classrooms.ended_at'])
    .where('sessions.id', 'in', sessionIds)
    .where('sessions.revoked_at', 'is', null)
    .where('sessions.expires_at', '>', clock.now())
    .execute();
}

function judge(
  { clock }: Deps,
  standing: Standing | undefined,
  who: { userId: string; sessionId: string; name: DocumentName },
): Admission | CloseReason {
  const { userId, sessionId, name } = who;
  if (standing === undefined || standing.userId !== userId) return 'unauthorized';
  // Without a mode there is no classroom.
  if (standing.role === null || standing.mode === null) return 'forbidden';
  const role = roleSchema.parse(standing.role);
  const mode = modeSchema.parse(standing.mode);
  const early = standing.starts_at !== null && clock.now() < standing.starts_at - opensBeforeMs;
  if (early && !isStaff(role)) return 'forbidden';
  const access = documentAccess({ userId, role }, mode, name, standing.ended_at !== null);
  if (access === 'none') return 'forbidden';
  const user = { id: userId, name: standing.name, color: cursorColor(userId), role };
  return { name, sessionId, user, access, until: standing.until };
}

/** A workspace exists for everyone who is or was a member; that of somebody who has left stays with the classroom. */
async function exists(db: Db, { name, user }: Admission): Promise<boolean> {
  if (name.kind !== 'workspace' || name.userId === user.id) return true;
  const member = await db
    .selectFrom('members')
    .select('user_id')
    .where('classroom_id', '=', name.classroomId)
    .where('user_id', '=', name.userId)
    .executeTakeFirst();
  if (member !== undefined) return true;
  const document = await db
    .selectFrom('documents')
    .select('name')
    .where('classroom_id', '=', name.classroomId)
    .where('user_id', '=', name.userId)
    .executeTakeFirst();
  return document !== undefined;
}
