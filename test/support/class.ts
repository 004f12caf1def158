import assert from 'node:assert/strict';
import type { TestApi, TestUser } from './api.ts';

export type Actor = 'anonymous' | 'stranger' | 'student' | 'observer' | 'assistant' | 'owner';
export const actors: readonly Actor[] = ['anonymous', 'stranger', 'student', 'observer', 'assistant', 'owner'];

/** A classroom with one person of each role, and someone who is not in it. */
export type TestClass = { id: string; code: string } & Record<Exclude<Actor, 'anonymous'>, TestUser>;

/** Makes it as people do: over HTTP. `body` goes to POST /api/classrooms. */
export async function makeClass(api: TestApi, body: Record<string, unknown> = {}): Promise<TestClass> {
  const [owner, assistant, student, observer, stranger] = await Promise.all(
    ['Owner', 'Assistant', 'Student', 'Observer', 'Stranger'].map((name) => api.signUp(name)),
  );
  const made = await api.as(owner)('POST', '/api/classrooms', { body: { title: 'Loops', ...body } });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  const { id, code } = made.body;
  for (const user of [assistant, student, observer]) await joinClass(api, user!, code);
  for (const [user, role] of [[assistant, 'assistant'] as const, [observer, 'observer'] as const]) {
    const path = `/api/classrooms/${id}/members/${user!.id}`;
    assert.equal((await api.as(owner)('PATCH', path, { body: { role } })).status, 200);
  }
  return {
    id,
    code,
    owner: owner!,
    assistant: assistant!,
    student: student!,
    observer: observer!,
    stranger: stranger!,
  };
}

export async function joinClass(api: TestApi, user: TestUser, code: string): Promise<void> {
  const { status } = await api.as(user)('POST', '/api/classrooms/join', { body: { code } });
  assert.equal(status, 200);
}

/** Sends as one of the class. */
export function asActor(api: TestApi, people: TestClass, actor: Actor) {
  return api.as(actor === 'anonymous' ? undefined : people[actor]);
}
