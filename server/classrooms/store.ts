import type { NotNull } from 'kysely';
import type { Role } from '#contract/roles.ts';
import type { ClassroomsTable, Db, MembersTable } from '#platform/db/schema.ts';
import type { Membership } from './policy.ts';

/** Classrooms and members in SQL: the only writer of both tables. Times are epoch milliseconds. */

/** The membership of someone who is a member now, of a classroom that is there. */
export async function findMembership(db: Db, classroomId: string, userId: string): Promise<Membership | undefined> {
  const row = await db
    .selectFrom('classrooms')
    .innerJoin('members', 'members.classroom_id', 'classrooms.id')
    .selectAll('classrooms')
    .select('members.role')
    .where('classrooms.id', '=', classroomId)
    .where('classrooms.deleted_at', 'is', null)
    .where('members.user_id', '=', userId)
    .where('members.banned_at', 'is', null)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const { role, ...classroom } = row;
  return { userId, role: role as Role, classroom };
}

export function findClassroom(db: Db, id: string): Promise<ClassroomsTable | undefined> {
  return db
    .selectFrom('classrooms')
    .selectAll()
    .where('id', '=', id)
    .where('deleted_at', 'is', null)
    .executeTakeFirst();
}

/** A classroom as one of its members sees it. */
export type ClassroomView = ClassroomsTable & { role: string; owner_name: string; member_count: number };

function views(db: Db, userId: string) {
  return db
    .selectFrom('members')
    .innerJoin('classrooms', 'classrooms.id', 'members.classroom_id')
    .innerJoin('users as owner', 'owner.id', 'classrooms.owner_id')
    .selectAll('classrooms')
    .select(['members.role', 'owner.name as owner_name'])
    .select((from) =>
      from
        .selectFrom('members as other')
        .select((each) => each.fn.countAll<number>().as('count'))
        .whereRef('other.classroom_id', '=', 'classrooms.id')
        .where('other.banned_at', 'is', null)
        .as('member_count'),
    )
    .where('members.user_id', '=', userId)
    .where('members.banned_at', 'is', null)
    .where('classrooms.deleted_at', 'is', null)
    .$narrowType<{ member_count: NotNull }>();
}

export function findView(db: Db, classroomId: string, userId: string): Promise<ClassroomView | undefined> {
  return views(db, userId).where('classrooms.id', '=', classroomId).executeTakeFirst();
}

/** The newest first; `before` is the last id of the page before. */
export function listViews(
  db: Db,
  userId: string,
  page: { limit: number; before: string | undefined },
): Promise<ClassroomView[]> {
  let query = views(db, userId).orderBy('classrooms.id', 'desc').limit(page.limit);
  if (page.before !== undefined) query = query.where('classrooms.id', '<', page.before);
  return query.execute();
}

export async function insertClassroom(db: Db, classroom: ClassroomsTable): Promise<void> {
  await db.insertInto('classrooms').values(classroom).execute();
}

export type ClassroomChange = Partial<
  Pick<
    ClassroomsTable,
    | 'title'
    | 'description'
    | 'language'
    | 'mode'
    | 'code'
    | 'starts_at'
    | 'ends_at'
    | 'ended_at'
    | 'capacity'
    | 'deleted_at'
  >
>;

export async function updateClassroom(db: Db, id: string, change: ClassroomChange): Promise<void> {
  await db.updateTable('classrooms').set(change).where('id', '=', id).execute();
}

/**
 * Makes whatever else changes this classroom or its members wait for the end of this transaction. It has to be the
 * transaction's first statement: only then does MySQL, whose transactions read as of their first SELECT, see what the
 * one before has done. On SQLite transactions are serial anyway. Undefined: there is no such classroom (any more).
 */
export async function lockClassroom(transaction: Db, id: string): Promise<ClassroomsTable | undefined> {
  await transaction
    .updateTable('classrooms')
    .set({ deleted_at: null })
    .where('id', '=', id)
    .where('deleted_at', 'is', null)
    .execute();
  return findClassroom(transaction, id);
}

/**
 * The number of the classroom's next run. As the first statement of the transaction that stores the run it also makes
 * other runs of this classroom wait, as `lockClassroom` does. Undefined: there is no such classroom (any more).
 */
export async function takeRunNumber(transaction: Db, classroomId: string): Promise<number | undefined> {
  await transaction
    .updateTable('classrooms')
    .set((is) => ({ run_seq: is('run_seq', '+', 1) }))
    .where('id', '=', classroomId)
    .where('deleted_at', 'is', null)
    .execute();
  return (await findClassroom(transaction, classroomId))?.run_seq;
}

export async function findIdByCode(db: Db, code: string): Promise<string | undefined> {
  const row = await db
    .selectFrom('classrooms')
    .select('id')
    .where('code', '=', code)
    .where('deleted_at', 'is', null)
    .executeTakeFirst();
  return row?.id;
}

/** Also finds those who were banned. */
export function findMember(db: Db, classroomId: string, userId: string): Promise<MembersTable | undefined> {
  return db
    .selectFrom('members')
    .selectAll()
    .where('classroom_id', '=', classroomId)
    .where('user_id', '=', userId)
    .executeTakeFirst();
}

export async function countStudents(db: Db, classroomId: string): Promise<number> {
  const { count } = await db
    .selectFrom('members')
    .select((each) => each.fn.countAll<number>().as('count'))
    .where('classroom_id', '=', classroomId)
    .where('role', '=', 'student')
    .where('banned_at', 'is', null)
    .executeTakeFirstOrThrow();
  return count;
}

export async function insertMember(
  db: Db,
  member: { classroomId: string; userId: string; role: Role; now: number },
): Promise<void> {
  await db
    .insertInto('members')
    .values({
      classroom_id: member.classroomId,
      user_id: member.userId,
      role: member.role,
      joined_at: member.now,
      last_seen_at: null,
      banned_at: null,
    })
    .execute();
}

export async function updateMember(
  db: Db,
  classroomId: string,
  userId: string,
  change: Partial<Pick<MembersTable, 'role' | 'banned_at'>>,
): Promise<void> {
  await db
    .updateTable('members')
    .set(change)
    .where('classroom_id', '=', classroomId)
    .where('user_id', '=', userId)
    .execute();
}

export async function deleteMember(db: Db, classroomId: string, userId: string): Promise<void> {
  await db.deleteFrom('members').where('classroom_id', '=', classroomId).where('user_id', '=', userId).execute();
}

export async function noteLastSeen(
  db: Db,
  classroomId: string,
  userIds: readonly string[],
  now: number,
): Promise<void> {
  await db
    .updateTable('members')
    .set({ last_seen_at: now })
    .where('classroom_id', '=', classroomId)
    .where('user_id', 'in', [...userIds])
    .execute();
}

export type MemberRow = {
  user_id: string;
  name: string;
  avatar_url: string | null;
  role: string;
  joined_at: number;
  last_seen_at: number | null;
};

/** In the order of user ids; `after` is the last one of the page before. */
export function listMembers(
  db: Db,
  classroomId: string,
  page: { limit: number; after?: string | undefined; userId?: string },
): Promise<MemberRow[]> {
  let query = db
    .selectFrom('members')
    .innerJoin('users', 'users.id', 'members.user_id')
    .select([
      'members.user_id',
      'users.name',
      'users.avatar_url',
      'members.role',
      'members.joined_at',
      'members.last_seen_at',
    ])
    .where('members.classroom_id', '=', classroomId)
    .where('members.banned_at', 'is', null)
    .orderBy('members.user_id')
    .limit(page.limit);
  if (page.after !== undefined) query = query.where('members.user_id', '>', page.after);
  if (page.userId !== undefined) query = query.where('members.user_id', '=', page.userId);
  return query.execute();
}

/** The documents of a classroom that exist, with their epochs. */
export function listDocuments(
  db: Db,
  classroomId: string,
): Promise<{ name: string; kind: string; user_id: string | null; epoch: number }[]> {
  return db
    .selectFrom('documents')
    .select(['name', 'kind', 'user_id', 'epoch'])
    .where('classroom_id', '=', classroomId)
    .orderBy('name')
    .execute();
}

export async function isStored(db: Db, document: string): Promise<boolean> {
  const row = await db.selectFrom('documents').select('name').where('name', '=', document).executeTakeFirst();
  return row !== undefined;
}
