import type {
  SessionsTable,
  RefreshTokensTable,
  MembersTable,
  DocumentsTable,
  DocumentSnapshotsTable,
  DocumentUpdatesTable,
  RunsTable,
  ClassroomsTable,
  UsersTable,
} from '#platform/db/schema.ts';

/** Rows with every column filled in, for tests that care about one or two. */
export function user(id: string, fields: Partial<UsersTable> = {}): UsersTable {
  return {
    id,
    email: `${id}@lectern.local`,
    name: 'Name',
    password_hash: null,
    locale: 'en',
    email_verified: 0,
    is_admin: 0,
    avatar_url: null,
    created_at: 1,
    ...fields,
  };
}

export function classroom(id: string, owner_id: string): ClassroomsTable {
  const times = { starts_at: null, ends_at: null, ended_at: null, created_at: 1, deleted_at: null };
  const text = { title: '', description: '', language: 'python', mode: 'lab', code: id };
  return { id, owner_id, capacity: null, run_seq: 0, ...text, ...times };
}

export function run(id: string, classroom_id: string, user_id: string, fields: Partial<RunsTable>): RunsTable {
  const program = { document: null, language: 'python', files: '[]', entry: 'a.py', args: '[]', code_hash: '' };
  const input = { stdin_mode: 'text', stdin_text: null, status: 'queued', stage: null, deadline: 1, created_at: 1 };
  const output = { exit_code: null, signal: null, stdout: '', stderr: '', compile: null, truncated: 0 };
  const measures = { wall_ms: null, cpu_ms: null, memory_bytes: null, isolation: null };
  const times = { cancel_requested_at: null, started_at: null, finished_at: null };
  return { id, seq: 0, classroom_id, user_id, ...program, ...input, ...output, ...measures, ...times, ...fields };
}

export function update(id: string, part: number, fields: Partial<DocumentUpdatesTable> = {}): DocumentUpdatesTable {
  return {
    id,
    part,
    document: 'd',
    epoch: 1,
    user_id: null,
    created_at: 1,
    data: new Uint8Array(8),
    crc: null,
    ...fields,
  };
}

export function snapshot(document: string, part: number, data: Uint8Array): DocumentSnapshotsTable {
  return { document, generation: 'g', part, data, crc: null, epoch: null };
}

export function session(id: string, user_id: string): SessionsTable {
  return { id, user_id, user_agent: '', created_at: 1, last_seen_at: 1, expires_at: 2, revoked_at: null };
}

export function refreshToken(id: string, session_id: string): RefreshTokensTable {
  return { id, session_id, token_hash: id, created_at: 1, spent_at: null };
}

export function member(classroom_id: string, user_id: string): MembersTable {
  return { classroom_id, user_id, role: 'student', joined_at: 1, last_seen_at: null, banned_at: null };
}

export function documentRow(name: string): DocumentsTable {
  return { name, classroom_id: 'c', kind: 'main', user_id: null, epoch: 1, snapshot: null, created_at: 1 };
}
