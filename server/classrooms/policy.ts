import type { z } from 'zod';
import type { classroomStatusSchema } from '#contract/api/classrooms.ts';
import { AppError } from '#contract/errors.ts';
import type { DocumentName } from '#contract/document-name.ts';
import { type Access, documentAccess, isStaff, type Mode, type Role } from '#contract/roles.ts';
import type { ClassroomsTable } from '#platform/db/schema.ts';

/** Someone's place in a classroom: what every judgement starts from. */
export type Membership = { userId: string; role: Role; classroom: ClassroomsTable };

type Schedule = Pick<ClassroomsTable, 'starts_at' | 'ended_at'>;

const opensBeforeMs = 10 * 60_000;

/** `scheduled` until ten minutes before the start. `now` is epoch ms. */
export function statusOf(classroom: Schedule, now: number): z.infer<typeof classroomStatusSchema> {
  if (classroom.ended_at !== null) return 'ended';
  return classroom.starts_at !== null && now < classroom.starts_at - opensBeforeMs ? 'scheduled' : 'live';
}

/** Everybody but the staff, who prepare, waits outside until the classroom opens. Throws `not-open-yet`. */
export function requireOpen({ role, classroom }: Membership, now: number): void {
  if (isStaff(role) || statusOf(classroom, now) !== 'scheduled') return;
  const opensAt = new Date(classroom.starts_at! - opensBeforeMs).toISOString();
  throw new AppError('not-open-yet', `Come back from ${opensAt} on.`);
}

/** What a member may do with a document of this classroom as it stands now. */
export function accessTo(member: Membership, document: DocumentName): Access {
  const { mode, ended_at } = member.classroom;
  return documentAccess(member, mode as Mode, document, ended_at !== null);
}

/** Throws `forbidden`. */
export function requireStaff(member: Membership): Membership {
  if (!isStaff(member.role))
    throw new AppError('forbidden', 'Only the owner and the assistants of this classroom may do this.');
  return member;
}

/** Throws `forbidden`. */
export function requireOwner(member: Membership): Membership {
  if (member.role !== 'owner') throw new AppError('forbidden', 'Only the owner of this classroom may do this.');
  return member;
}

/**
 * Over whom a role has a say: whom it may remove, whose role it may change, and to which roles. The owner's own place
 * is in nobody's reach, and assistants neither make nor unmake assistants.
 */
const reach: Record<Role, readonly Role[]> = {
  owner: ['assistant', 'student', 'observer'],
  assistant: ['student', 'observer'],
  student: [],
  observer: [],
};

/** Throws `forbidden`, or `last-owner` when the owner turns on himself. */
export function requireReach(actor: Role, target: Role, next: Role = target): void {
  if (actor === 'owner' && target === 'owner')
    throw new AppError('last-owner', 'The owner stays the owner; delete the classroom if it is not needed any more.');
  if (!reach[actor].includes(target) || !reach[actor].includes(next))
    throw new AppError('forbidden', `Your role, ${actor}, does not reach that far.`);
}
