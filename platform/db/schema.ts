import type { Kysely, Transaction } from 'kysely';

/**
 * The tables, the same on every engine. Ids are made by the application and sort by time; times are epoch milliseconds;
 * booleans are 0 or 1; JSON is text. Who writes which table: accounts `users`, `sessions`, `refresh_tokens`;
 * classrooms `classrooms`, `members`; collab `documents` and all `document_…`;
 * runs: the API inserts a row and sets `cancel_requested_at`; everything else of it only the compile bridge changes.
 */
export interface Schema {
  users: UsersTable;
  sessions: SessionsTable;
  refresh_tokens: RefreshTokensTable;
  classrooms: ClassroomsTable;
  members: MembersTable;
  documents: DocumentsTable;
  document_updates: DocumentUpdatesTable;
  document_snapshots: DocumentSnapshotsTable;
  document_quarantine: DocumentQuarantineTable;
  runs: RunsTable;
}

/** A connection to the database or a transaction on it: functions that take one compose. */
export type Db = Kysely<Schema> | Transaction<Schema>;

export interface UsersTable {
  id: string;
  email: string;
  name: string;
  password_hash: string | null;
  locale: string;
  email_verified: number;
  is_admin: number;
  avatar_url: string | null;
  created_at: number;
}

export interface SessionsTable {
  id: string;
  user_id: string;
  user_agent: string;
  created_at: number;
  last_seen_at: number;
  expires_at: number;
  revoked_at: number | null;
}

export interface RefreshTokensTable {
  id: string;
  session_id: string;
  /** SHA-256 of the token, hex. */
  token_hash: string;
  created_at: number;
  /** When it was exchanged for a newer one. */
  spent_at: number | null;
}

export interface ClassroomsTable {
  id: string;
  title: string;
  description: string;
  language: string;
  mode: string;
  code: string;
  owner_id: string;
  starts_at: number | null;
  ends_at: number | null;
  ended_at: number | null;
  capacity: number | null;
  /** Number of the newest run; taken by `run_seq = run_seq + 1` in the transaction that stores the run. */
  run_seq: number;
  created_at: number;
  deleted_at: number | null;
}

export interface MembersTable {
  classroom_id: string;
  user_id: string;
  role: string;
  joined_at: number;
  last_seen_at: number | null;
  /** Set: not a member any more, and may not join again. */
  banned_at: number | null;
}

export interface DocumentsTable {
  name: string;
  classroom_id: string;
  kind: string;
  /** Owner of a workspace. */
  user_id: string | null;
  epoch: number;
  /** Generation of the snapshot to load; null while there is none. */
  snapshot: string | null;
  created_at: number;
}

export interface DocumentUpdatesTable {
  /** Made when the update was appended to the journal, so that a replay stores it once. */
  id: string;
  /** Updates over 1 MiB are stored in parts 0, 1, …; all parts together are the update. */
  part: number;
  document: string;
  epoch: number;
  /** Who typed it; null: the server. */
  user_id: string | null;
  created_at: number;
  data: Uint8Array;
  /** CRC-32 of `data`; null in rows of programs before it, which are not checked. */
  crc: number | null;
}

export interface DocumentSnapshotsTable {
  document: string;
  generation: string;
  part: number;
  data: Uint8Array;
  /** CRC-32 of `data`. */
  crc: number | null;
  epoch: number | null;
}

/** What was damaged, or could not be stored, and is no part of its document any more until a person looks at it. */
export interface DocumentQuarantineTable {
  id: string;
  /** `row` or `snapshot`. */
  kind: string;
  /** Id of the update, or generation of the snapshot. */
  source: string;
  part: number;
  document: string;
  epoch: number;
  user_id: string | null;
  reason: string;
  at: number;
  data: Uint8Array;
}

export interface RunsTable {
  id: string;
  seq: number;
  classroom_id: string;
  document: string | null;
  user_id: string;
  language: string;
  /** JSON: [{path, content}] */
  files: string;
  entry: string;
  /** JSON: string[] */
  args: string;
  stdin_mode: string;
  stdin_text: string | null;
  code_hash: string;
  status: string;
  stage: string | null;
  exit_code: number | null;
  signal: string | null;
  stdout: string;
  stderr: string;
  /** JSON: {exitCode, output, diagnostics} */
  compile: string | null;
  wall_ms: number | null;
  cpu_ms: number | null;
  memory_bytes: number | null;
  truncated: number;
  isolation: string | null;
  cancel_requested_at: number | null;
  deadline: number;
  created_at: number;
  /** When a worker took it. */
  started_at: number | null;
  finished_at: number | null;
}
