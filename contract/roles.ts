import { z } from 'zod';
import type { DocumentName } from './document-name.ts';

export const roleSchema = z.enum(['owner', 'assistant', 'student', 'observer']).meta({ id: 'Role' });
export type Role = z.infer<typeof roleSchema>;

export const modeSchema = z.enum(['lecture', 'practice', 'free']).meta({ id: 'Mode' });
export type Mode = z.infer<typeof modeSchema>;

export type Access = 'write' | 'read' | 'none';

/** Staff run the class: they see the join code, change the mode and write everywhere. */
export function isStaff(role: Role): boolean {
  return role === 'owner' || role === 'assistant';
}

/** contract §3, the access table, row by row. */
const accessTable: Record<Role, { main: Access; mainInFreeMode: Access; own: Access; others: Access; wall: Access }> = {
  owner: { main: 'write', mainInFreeMode: 'write', own: 'write', others: 'write', wall: 'read' },
  assistant: { main: 'write', mainInFreeMode: 'write', own: 'write', others: 'write', wall: 'read' },
  student: { main: 'read', mainInFreeMode: 'write', own: 'write', others: 'none', wall: 'none' },
  observer: { main: 'read', mainInFreeMode: 'read', own: 'none', others: 'read', wall: 'read' },
};

/**
 * What a member may do with a document, from role and mode alone; once the classroom has `ended`, students only read.
 * The only place where this is decided.
 */
export function documentAccess(
  member: { userId: string; role: Role },
  mode: Mode,
  document: DocumentName,
  ended = false,
): Access {
  const access = accessInTable(member, mode, document);
  return ended && member.role === 'student' && access === 'write' ? 'read' : access;
}

function accessInTable(member: { userId: string; role: Role }, mode: Mode, document: DocumentName): Access {
  const row = accessTable[member.role];
  if (document.kind === 'wall') return row.wall;
  if (document.kind === 'main') return mode === 'free' ? row.mainInFreeMode : row.main;
  return document.userId === member.userId ? row.own : row.others;
}
