import type { z } from 'zod';
import type { Classroom, createClassroomBodySchema, updateClassroomBodySchema } from '#contract/api/classrooms.ts';
import { type DocumentName, formatDocumentName } from '#contract/document-name.ts';
import { AppError } from '#contract/errors.ts';
import { isStaff, type Mode, type Role } from '#contract/roles.ts';
import type { Db } from '#platform/db/schema.ts';
import type { ApiDeps } from '../deps.ts';
import { newJoinCode, withFreeCode } from './join-code.ts';
import { type Membership, statusOf } from './policy.ts';
import {
  type ClassroomChange,
  type ClassroomView,
  findClassroom,
  findMember,
  findMembership,
  findView,
  insertClassroom,
  insertMember,
  isStored,
  lockClassroom,
  updateClassroom,
} from './store.ts';

export { takeRunNumber } from './store.ts';

export type ClassroomDeps = Pick<ApiDeps, 'db' | 'bus' | 'clock' | 'newId'>;

/** Throws `not-found` for strangers and for those who were banned: to them the classroom does not exist. */
export async function requireMember(db: Db, classroomId: string, userId: string): Promise<Membership> {
  const membership = await findMembership(db, classroomId, userId);
  if (membership === undefined) throw new AppError('not-found', 'There is no such classroom, or you are not in it.');
  return membership;
}

/**
 * Whether this workspace may exist: its owner is or was a member, or it is stored. The others' would be made by looking
 * at them.
 */
export async function mayExist(db: Db, document: DocumentName): Promise<boolean> {
  if (document.kind !== 'workspace') return true;
  const { classroomId, userId } = document;
  return (
    (await findMember(db, classroomId, userId)) !== undefined || (await isStored(db, formatDocumentName(document)))
  );
}

/** A classroom as this member sees it. Throws `not-found`. */
export async function readClassroom(
  deps: Pick<ClassroomDeps, 'db' | 'clock'>,
  classroomId: string,
  userId: string,
): Promise<Classroom> {
  const view = await findView(deps.db, classroomId, userId);
  if (view === undefined) throw new AppError('not-found', 'There is no such classroom, or you are not in it.');
  return toClassroom(view, deps.clock.now());
}

export function toClassroom(view: ClassroomView, now: number): Classroom {
  const myRole = view.role as Role;
  return {
    id: view.id,
    title: view.title,
    description: view.description,
    language: view.language,
    mode: view.mode as Mode,
    ...(isStaff(myRole) ? { code: view.code } : {}),
    startsAt: isoTime(view.starts_at),
    endsAt: isoTime(view.ends_at),
    status: statusOf(view, now),
    capacity: view.capacity,
    myRole,
    owner: { id: view.owner_id, name: view.owner_name },
    memberCount: view.member_count,
  };
}

export function isoTime(time: number): string;
export function isoTime(time: number | null): string | null;
export function isoTime(time: number | null): string | null {
  return time === null ? null : new Date(time).toISOString();
}

/**
 * Makes a classroom whose owner is its first member; resolves to its id. Throws `validation-failed`.
 */
export async function createClassroom(
  deps: ClassroomDeps,
  ownerId: string,
  body: z.output<typeof createClassroomBodySchema>,
): Promise<string> {
  const { db, clock, newId } = deps;
  const id = newId();
  const now = clock.now();
  const { starts_at = null, ends_at = null } = toChange(body);
  requireOrder(starts_at, ends_at);
  await withFreeCode(newJoinCode, (code) =>
    db.transaction().execute(async (transaction) => {
      await insertClassroom(transaction, {
        id,
        title: body.title,
        description: body.description ?? '',
        language: body.language ?? 'python',
        mode: body.mode ?? 'lecture',
        code,
        owner_id: ownerId,
        starts_at,
        ends_at,
        ended_at: null,
        capacity: body.capacity ?? null,
        run_seq: 0,
        created_at: now,
        deleted_at: null,
      });
      await insertMember(transaction, { classroomId: id, userId: ownerId, role: 'owner', now });
    }),
  );
  return id;
}

/**
 * Changes what the body names. Sockets are judged again when that may change what they may do: with a new mode or a new
 * start. Throws `validation-failed`.
 */
export async function changeClassroom(
  deps: ClassroomDeps,
  id: string,
  body: z.output<typeof updateClassroomBodySchema>,
): Promise<void> {
  const { db, bus } = deps;
  const change = toChange(body);
  const changed = await db.transaction().execute(async (transaction) => {
    const before = await lockClassroom(transaction, id);
    if (before === undefined) throw new AppError('not-found', 'The classroom was deleted meanwhile.');
    const after = { ...before, ...change };
    requireOrder(after.starts_at, after.ends_at);
    if (Object.keys(change).length > 0) await updateClassroom(transaction, id, change);
    return { mode: after.mode !== before.mode, start: after.starts_at !== before.starts_at };
  });
  if (changed.mode) {
    // As it is stored by now: of two changes at once the later told is then not the earlier made.
    const { mode } = (await findClassroom(db, id)) ?? {};
    if (mode !== undefined) await bus.publish('classroom.updated', { classroomId: id, mode: mode as Mode });
  }
  if (changed.mode || changed.start) await bus.publish('access.changed', { classroomId: id });
}

/** Takes the classroom away from everybody; what was written in it is kept. */
export async function deleteClassroom(deps: ClassroomDeps, id: string): Promise<void> {
  await updateClassroom(deps.db, id, { deleted_at: deps.clock.now() });
  await deps.bus.publish('access.changed', { classroomId: id });
}

/** The old join code stops working. */
export function renewJoinCode(db: Db, id: string): Promise<void> {
  return withFreeCode(newJoinCode, (code) => updateClassroom(db, id, { code }));
}

function toChange(body: z.output<typeof updateClassroomBodySchema>): ClassroomChange {
  const { startsAt, endsAt, ...same } = body;
  const change = {
    ...same,
    ...(startsAt === undefined ? {} : { starts_at: startsAt && Date.parse(startsAt) }),
    ...(endsAt === undefined ? {} : { ends_at: endsAt && Date.parse(endsAt) }),
  };
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
}

function requireOrder(startsAt: number | null, endsAt: number | null): void {
  if (startsAt === null || endsAt === null || startsAt < endsAt) return;
  throw new AppError('validation-failed', 'A lesson ends after it has started.', {
    errors: [{ path: 'endsAt', message: 'must be later than startsAt' }],
  });
}
