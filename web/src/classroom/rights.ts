import type { Classroom, CollabToken } from '#contract/api/classrooms.ts';
import { formatDocumentName, parseDocumentName } from '#contract/document-name.ts';
import { isStaff, type Mode, type Role } from '#contract/roles.ts';
import { getClassroom, getCollabToken } from '../api/classrooms.ts';
import type { Client } from '../api/client.ts';
import { ApiError } from '../api/problem.ts';

/** What I may do in a classroom right now. */
export interface Rights {
  classroom: Classroom;
  token: string;
  /** The y-websocket endpoint on the origin this page came from. */
  socketUrl: string;
  /** The address other people reach this server by. */
  publicOrigin: string;
  documents: CollabToken['documents'];
}

export async function fetchRights(client: Client, classroomId: string): Promise<Rights> {
  const [classroom, collab] = await Promise.all([
    getClassroom(client, classroomId),
    getCollabToken(client, classroomId),
  ]);
  const endpoint = new URL(collab.url);
  return {
    classroom,
    token: collab.token,
    socketUrl: new URL(endpoint.pathname, location.origin.replace(/^http/, 'ws')).href,
    publicOrigin: endpoint.origin.replace(/^ws/, 'http'),
    documents: collab.documents.filter((document) => document.kind !== 'wall'),
  };
}

/**
 * What I may do with a document; undefined: nothing. Staff may open the copy of every student, and theirs are not listed
 * before somebody has opened them: the server makes them then.
 */
export function accessTo({ classroom, documents }: Rights, name: string): 'write' | 'read' | undefined {
  const listed = documents.find((document) => document.name === name);
  if (listed !== undefined) return listed.access;
  const parsed = parseDocumentName(name);
  const copy = parsed?.kind === 'workspace' && parsed.classroomId === classroom.id;
  return copy && isStaff(classroom.myRole) ? 'write' : undefined;
}

/** Where a person works in a mode (contract §3): students practise in their own copy, everybody else is in `main`. */
export function defaultDocument(classroomId: string, mode: Mode, me: { id: string; role: Role }): string {
  return mode === 'practice' && me.role === 'student'
    ? formatDocumentName({ kind: 'workspace', classroomId, userId: me.id })
    : formatDocumentName({ kind: 'main', classroomId });
}

/** Repeats what may pass (no network, a restarting server) until it succeeds, is refused, or nobody wants it any more. */
export async function persist<T>(
  attempt: () => Promise<T>,
  options: { wanted: () => boolean; onDelay: () => void },
): Promise<T> {
  for (let delayMs = 500; ; delayMs = Math.min(delayMs * 2, 8000)) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof ApiError) || !error.mayPass || !options.wanted()) throw error;
      options.onDelay();
      await new Promise((resolve) => setTimeout(resolve, delayMs));
    }
  }
}
