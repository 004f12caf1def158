import type { Role } from '#contract/roles.ts';
import type { Db } from '#platform/db/schema.ts';
import { isUniqueViolation } from '#platform/db/statements.ts';
import { hashPassword } from './auth/passwords.ts';
import { findUserByEmail, hasUsers, insertUser } from './auth/store.ts';
import { insertClassroom, insertMember } from './classrooms/store.ts';
import type { ApiDeps } from './deps.ts';

/** What the start-up table and the sign-in page show. */
export type Demo = { joinCode: string; password: string; logins: readonly string[] };

const people: readonly { email: string; name: string; role: Role }[] = [
  { email: 'instructor@lectern.local', name: 'Ines Instructor', role: 'owner' },
  { email: 'student1@lectern.local', name: 'Sam Student', role: 'student' },
  { email: 'student2@lectern.local', name: 'Toni Student', role: 'student' },
];

const demo: Demo = { joinCode: 'DEMO', password: 'lectern-demo', logins: people.map(({ email }) => email) };

type Deps = Pick<ApiDeps, 'config' | 'db' | 'clock' | 'newId'>;

/**
 * Puts the demo classroom and its people into an empty database, all or nothing, when the configuration wants it.
 * Resolves to the demo logins if they are there afterwards, whoever made them.
 */
export async function seedDemo(deps: Deps): Promise<Demo | undefined> {
  if (!deps.config.demo) return undefined;
  if (!(await hasUsers(deps.db))) {
    const hashes = await Promise.all(people.map(() => hashPassword(demo.password)));
    try {
      await deps.db.transaction().execute((transaction) => insertDemo(transaction, deps, hashes));
    } catch (error) {
      // Another process was faster; its demo is as good as ours.
      if (!isUniqueViolation(error)) throw error;
    }
  }
  return (await findUserByEmail(deps.db, people[0]!.email)) === undefined ? undefined : demo;
}

async function insertDemo(db: Db, { clock, newId }: Deps, hashes: readonly string[]): Promise<void> {
  const now = clock.now();
  const classroomId = newId();
  const members = people.map((person, index) => ({ ...person, userId: newId(), passwordHash: hashes[index]! }));
  for (const { userId, email, name, passwordHash } of members)
    await insertUser(db, { id: userId, email, name, passwordHash, emailVerified: true, now });
  await insertClassroom(db, {
    id: classroomId,
    title: 'Demo classroom',
    description: 'Open it in two windows, as the instructor and as a student.',
    language: 'python',
    mode: 'lecture',
    code: demo.joinCode,
    owner_id: members[0]!.userId,
    starts_at: null,
    ends_at: null,
    ended_at: null,
    capacity: null,
    run_seq: 0,
    created_at: now,
    deleted_at: null,
  });
  for (const { userId, role } of members) await insertMember(db, { classroomId, userId, role, now });
}
