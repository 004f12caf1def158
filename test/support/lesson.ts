import assert from 'node:assert/strict';
import type { Session } from '#contract/api/accounts.ts';
import type { Classroom, CollabToken } from '#contract/api/classrooms.ts';
import type { Run } from '#contract/api/runs.ts';

export type Person = { id: string; name: string; token: string };

export type Lesson = {
  classroom: Classroom;
  main: string;
  teacher: Person;
  student: Person;
  collabToken(person: Person): Promise<CollabToken>;
  /** Runs a program and waits for its end. */
  run(person: Person, body: Record<string, unknown>): Promise<Run>;
  setMode(mode: 'lecture' | 'practice' | 'free'): Promise<void>;
};

/** Calls the API and expects `status`; resolves to the JSON answer. */
export async function call<T>(
  url: string,
  method: string,
  path: string,
  options: { token?: string; body?: unknown; status?: number; headers?: Record<string, string> } = {},
): Promise<T> {
  const headers: Record<string, string> = { ...options.headers };
  if (options.token !== undefined) headers.authorization = `Bearer ${options.token}`;
  if (options.body !== undefined) headers['content-type'] = 'application/json';
  const body = options.body === undefined ? undefined : JSON.stringify(options.body);
  const response = await fetch(url + path, { method, headers, body });
  const text = await response.text();
  assert.equal(response.status, options.status ?? 200, `${method} ${path}: ${text}`);
  return (text === '' ? undefined : JSON.parse(text)) as T;
}

/** Two new accounts, a classroom of the first, the second joined by its code. */
export async function startLesson(url: string, mode: 'lecture' | 'practice' | 'free' = 'lecture'): Promise<Lesson> {
  const register = async (name: string): Promise<Person> => {
    const email = `${crypto.randomUUID()}@example.org`;
    const body = { email, password: 'correct horse battery', name };
    const session = await call<Session>(url, 'POST', '/api/auth/register', { body, status: 201 });
    return { id: session.user.id, name, token: session.accessToken };
  };
  const [teacher, student] = await Promise.all([register('Kim 선생님'), register('Lee')]);
  const created = { title: 'Loops', language: 'python', mode };
  const classroom = await call<Classroom>(url, 'POST', '/api/classrooms', {
    token: teacher.token,
    body: created,
    status: 201,
  });
  await call(url, 'POST', '/api/classrooms/join', { token: student.token, body: { code: classroom.code } });
  return {
    classroom,
    main: `c:${classroom.id}:main`,
    teacher,
    student,
    collabToken: ({ token }) => call(url, 'POST', `/api/classrooms/${classroom.id}/collab-token`, { token }),
    run: ({ token }, body) =>
      call(url, 'POST', '/api/compile/run', {
        token,
        body: { classroomId: classroom.id, ...body },
        headers: { prefer: 'wait=30' },
      }),
    async setMode(next) {
      await call(url, 'PATCH', `/api/classrooms/${classroom.id}`, { token: teacher.token, body: { mode: next } });
    },
  };
}
