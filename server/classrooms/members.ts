import type { Member } from '#contract/api/classrooms.ts';
import { AppError } from '#contract/errors.ts';
import type { Role } from '#contract/roles.ts';
import type { ClassroomsTable, Db, MembersTable } from '#platform/db/schema.ts';
import type { SlidingWindow } from '../http/sliding-window.ts';
import { readJoinCode } from './join-code.ts';
import { type Membership, requireReach } from './policy.ts';
import type { Presence } from './presence.ts';
import { type ClassroomDeps, isoTime } from './service.ts';
import {
  countStudents,
  deleteMember,
  findIdByCode,
  findMember,
  insertMember,
  listMembers,
  lockClassroom,
  type MemberRow,
  updateMember,
} from './store.ts';

/*
 * Who is in a classroom. Each change locks the classroom for the length of its transaction, so that two of them never
 * decide on the same state, and is announced once it is stored.
 */

/**
 * Joins by code as a student; for a member nothing changes. Resolves to the classroom's id. Throws `join-code-unknown`,
 * `forbidden` (banned), `classroom-full`, `too-many-requests`.
 */
export async function join(
  deps: ClassroomDeps & { failures: SlidingWindow },
  userId: string,
  typedCode: string,
): Promise<string> {
  const { db, bus, clock, failures } = deps;
  const wait = failures.waitSeconds(userId);
  if (wait > 0)
    throw new AppError('too-many-requests', 'Ask your teacher for the right code, and try again later.', {
      retryAfterSeconds: wait,
    });
  const unknown = () => {
    failures.record(userId);
    return new AppError('join-code-unknown', 'Check the code; your teacher can see it on the page of the classroom.');
  };
  const classroomId = await findIdByCode(db, readJoinCode(typedCode));
  if (classroomId === undefined) throw unknown();
  const joined = await db.transaction().execute(async (transaction) => {
    const classroom = await lockClassroom(transaction, classroomId);
    if (classroom === undefined) throw unknown();
    const member = await findMember(transaction, classroomId, userId);
    if (member !== undefined && member.banned_at !== null)
      throw new AppError('forbidden', 'You were removed from this classroom; ask its owner.');
    if (member !== undefined) return false;
    await requireSeat(transaction, classroom);
    await insertMember(transaction, { classroomId, userId, role: 'student', now: clock.now() });
    return true;
  });
  if (joined) await bus.publish('access.changed', { classroomId, userId });
  return classroomId;
}

/** Throws `classroom-full` when one more student would pass the capacity. */
async function requireSeat(db: Db, classroom: ClassroomsTable): Promise<void> {
  if (classroom.capacity !== null && (await countStudents(db, classroom.id)) >= classroom.capacity)
    throw new AppError(
      'classroom-full',
      `All ${classroom.capacity} seats are taken; ask your teacher for another one.`,
    );
}

/** Throws `last-owner`. */
export async function leave(deps: ClassroomDeps, { role, classroom, userId }: Membership): Promise<void> {
  if (role === 'owner')
    throw new AppError('last-owner', 'The owner cannot leave; delete the classroom if it is not needed any more.');
  await deleteMember(deps.db, classroom.id, userId);
  await deps.bus.publish('access.changed', { classroomId: classroom.id, userId });
}

/** Gives a member another role. Throws `forbidden`, `not-found`, `last-owner`, `classroom-full`. */
export async function changeRole(deps: ClassroomDeps, actor: Membership, targetId: string, next: Role): Promise<void> {
  const classroomId = actor.classroom.id;
  const changed = await deps.db.transaction().execute(async (transaction) => {
    const { classroom, role, target } = await lockPair(transaction, actor, targetId);
    requireReach(role, target.role as Role, next);
    if (target.role === next) return false;
    if (next === 'student') await requireSeat(transaction, classroom);
    await updateMember(transaction, classroomId, targetId, { role: next });
    return true;
  });
  if (changed) await deps.bus.publish('access.changed', { classroomId, userId: targetId });
}

/** Removes a member; with `ban` for good. Throws `forbidden`, `not-found`, `last-owner`. */
export async function remove(deps: ClassroomDeps, actor: Membership, targetId: string, ban: boolean): Promise<void> {
  const classroomId = actor.classroom.id;
  await deps.db.transaction().execute(async (transaction) => {
    const { role, target } = await lockPair(transaction, actor, targetId);
    requireReach(role, target.role as Role);
    if (ban) await updateMember(transaction, classroomId, targetId, { banned_at: deps.clock.now() });
    else await deleteMember(transaction, classroomId, targetId);
  });
  await deps.bus.publish('access.changed', { classroomId, userId: targetId });
}

/** Both as they are under the lock: the actor may have lost a role since the request was let in. */
async function lockPair(
  transaction: Db,
  actor: Membership,
  targetId: string,
): Promise<{ classroom: ClassroomsTable; role: Role; target: MembersTable }> {
  const gone = () => new AppError('not-found', 'There is no such member.');
  const classroom = await lockClassroom(transaction, actor.classroom.id);
  if (classroom === undefined) throw gone();
  const isMember = (member: MembersTable | undefined) => member !== undefined && member.banned_at === null;
  const self = await findMember(transaction, classroom.id, actor.userId);
  const target = await findMember(transaction, classroom.id, targetId);
  if (!isMember(self) || target === undefined || !isMember(target)) throw gone();
  return { classroom, role: self!.role as Role, target };
}

/** One member. Throws `not-found`. */
export async function readMember(db: Db, presence: Presence, classroomId: string, userId: string): Promise<Member> {
  const [row] = await listMembers(db, classroomId, { limit: 1, userId });
  if (row === undefined) throw new AppError('not-found', 'There is no such member.');
  return toMember(row, presence.online(classroomId));
}

export function toMember(row: MemberRow, online: ReadonlySet<string>): Member {
  return {
    user: { id: row.user_id, name: row.name, avatarUrl: row.avatar_url },
    role: row.role as Role,
    online: online.has(row.user_id),
    joinedAt: isoTime(row.joined_at),
    lastSeenAt: isoTime(row.last_seen_at),
  };
}
