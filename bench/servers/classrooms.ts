import { insertMissing } from '#platform/db/statements.ts';
import type { Db } from '#platform/db/schema.ts';
import type { NewId } from '#platform/ids.ts';
import type { Tokens } from '#platform/tokens.ts';

/**
 * A classroom in mode free with an account, a login session and a membership for each client: an owner, assistants for
 * the other writers, students. Answers the name of its class document and a token for each.
 */
export async function seedClassroom(
  { db, newId, now, tokens }: { db: Db; newId: NewId; now: number; tokens: Tokens },
  wanted: { clients: number; writers: number },
): Promise<{ name: string; tokens: string[] }> {
  const classroomId = newId();
  const people = Array.from({ length: wanted.clients }, () => ({ id: newId(), sessionId: newId() }));
  await db.transaction().execute(async (transaction) => {
    await insertMissing(
      transaction,
      'users',
      people.map(({ id }, index) => ({
        id,
        email: `${id}@example.org`,
        name: `Person ${index}`,
        password_hash: null,
        locale: 'en',
        email_verified: 1,
        is_admin: 0,
        avatar_url: null,
        created_at: now,
      })),
    );
    await insertMissing(
      transaction,
      'sessions',
      people.map(({ id, sessionId }) => ({
        id: sessionId,
        user_id: id,
        user_agent: 'bench',
        created_at: now,
        last_seen_at: now,
        expires_at: now + 12 * 3_600_000,
        revoked_at: null,
      })),
    );
    await insertMissing(transaction, 'classrooms', [
      {
        id: classroomId,
        title: 'Class',
        description: '',
        language: 'python',
        mode: 'free',
        code: classroomId.slice(-10),
        owner_id: people[0]!.id,
        capacity: null,
        run_seq: 0,
        starts_at: null,
        ends_at: null,
        ended_at: null,
        deleted_at: null,
        created_at: now,
      },
    ]);
    await insertMissing(
      transaction,
      'members',
      people.map(({ id }, index) => ({
        classroom_id: classroomId,
        user_id: id,
        role: index === 0 ? 'owner' : index < wanted.writers ? 'assistant' : 'student',
        joined_at: now,
        last_seen_at: null,
        banned_at: null,
      })),
    );
  });
  return {
    name: `c:${classroomId}:main`,
    tokens: people.map(
      ({ id, sessionId }) => tokens.sign('collab', { sub: id, sid: sessionId, cls: classroomId }).token,
    ),
  };
}
