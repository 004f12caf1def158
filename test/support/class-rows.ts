import type { Mode, Role } from '#contract/roles.ts';
import type { Db } from '#platform/db/schema.ts';
import type { NewId } from '#platform/ids.ts';
import type { Tokens } from '#platform/tokens.ts';

export type RowPerson = { id: string; name: string; sessionId: string; token: string };

export type RowClass = {
  id: string;
  main: string;
  workspace(person: RowPerson): string;
  owner: RowPerson;
  students: RowPerson[];
};

/**
 * Writes a classroom and its people straight into the database of a running server, each with a login session and a token
 * for document sockets: a class of 300 in one go, where registering would spend its time on passwords.
 */
export async function insertClass(
  deps: { db: Db; tokens: Tokens; newId: NewId },
  options: { students: number; mode?: Mode; staff?: number } = { students: 1 },
): Promise<RowClass> {
  const { db, tokens, newId } = deps;
  const now = Date.now();
  const classroomId = newId();
  const total = 1 + options.students;
  const people = Array.from({ length: total }, (_, index) => {
    const [id, sessionId] = [newId(), newId()];
    const { token } = tokens.sign('collab', { sub: id, sid: sessionId, cls: classroomId });
    const role: Role = index === 0 ? 'owner' : index <= (options.staff ?? 0) ? 'assistant' : 'student';
    return { id, sessionId, token, role, name: `Person ${index}` };
  });
  for (let from = 0; from < total; from += 100) {
    const some = people.slice(from, from + 100);
    const account = { password_hash: null, locale: 'en', email_verified: 1, is_admin: 0, avatar_url: null };
    await db
      .insertInto('users')
      .values(some.map(({ id, name }) => ({ id, name, email: `${id}@example.org`, ...account, created_at: now })))
      .execute();
    const times = { created_at: now, last_seen_at: now, expires_at: now + 86_400_000, revoked_at: null };
    await db
      .insertInto('sessions')
      .values(some.map(({ id, sessionId }) => ({ id: sessionId, user_id: id, user_agent: 'test', ...times })))
      .execute();
  }
  const times = { starts_at: null, ends_at: null, ended_at: null, deleted_at: null, created_at: now };
  const about = { title: 'Class', description: '', language: 'python', mode: options.mode ?? 'free', capacity: null };
  await db
    .insertInto('classrooms')
    .values({ id: classroomId, ...about, code: classroomId.slice(-8), owner_id: people[0]!.id, run_seq: 0, ...times })
    .execute();
  for (let from = 0; from < total; from += 100) {
    const some = people.slice(from, from + 100);
    const common = { classroom_id: classroomId, joined_at: now, last_seen_at: null, banned_at: null };
    await db
      .insertInto('members')
      .values(some.map(({ id, role }) => ({ user_id: id, role, ...common })))
      .execute();
  }
  const [owner, ...students] = people;
  return {
    id: classroomId,
    main: `c:${classroomId}:main`,
    workspace: ({ id }) => `c:${classroomId}:s:${id}`,
    owner: owner!,
    students,
  };
}
