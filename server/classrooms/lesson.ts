import { AppError } from '#contract/errors.ts';
import type { Mode } from '#contract/roles.ts';
import type { ClassroomsTable } from '#platform/db/schema.ts';
import { statusOf } from './policy.ts';
import type { ClassroomDeps } from './service.ts';
import { type ClassroomChange, findClassroom, lockClassroom, updateClassroom } from './store.ts';

/**
 * Opens the lesson now, whether it was planned for later or had ended; in one that is live nothing changes. Throws
 * `not-found`.
 */
export function startLesson(deps: ClassroomDeps, id: string): Promise<void> {
  return changeLesson(deps, id, (classroom, now) => {
    const { starts_at, ends_at } = classroom;
    if (statusOf(classroom, now) === 'live') return undefined;
    const early = starts_at !== null && starts_at > now;
    // The times of the plan that this moment contradicts go: a lesson cannot end before it starts.
    return {
      ended_at: null,
      ...(early && { starts_at: now, ends_at: ends_at !== null && ends_at > now ? ends_at : null }),
    };
  });
}

/** Ends the lesson: students only read from now on. One that has ended keeps its time. Throws `not-found`. */
export function endLesson(deps: ClassroomDeps, id: string): Promise<void> {
  return changeLesson(deps, id, ({ ended_at }, now) => (ended_at === null ? { ended_at: now } : undefined));
}

/** Stores what `decide` says, then tells everybody; without a change nobody hears of anything. */
async function changeLesson(
  deps: ClassroomDeps,
  id: string,
  decide: (classroom: ClassroomsTable, now: number) => ClassroomChange | undefined,
): Promise<void> {
  const { db, bus, clock } = deps;
  const changed = await db.transaction().execute(async (transaction) => {
    const classroom = await lockClassroom(transaction, id);
    if (classroom === undefined) throw new AppError('not-found', 'The classroom was deleted meanwhile.');
    const change = decide(classroom, clock.now());
    if (change !== undefined) await updateClassroom(transaction, id, change);
    return change !== undefined;
  });
  if (!changed) return;
  // As it is stored by now: a change of mode at the same time may have been told already.
  const { mode } = (await findClassroom(db, id)) ?? {};
  if (mode !== undefined) await bus.publish('classroom.updated', { classroomId: id, mode: mode as Mode });
  await bus.publish('access.changed', { classroomId: id });
}
