import assert from 'node:assert/strict';
import test from 'node:test';
import { type Access, documentAccess, isStaff, type Mode, modeSchema, type Role, roleSchema } from './roles.ts';

const main = { kind: 'main', classroomId: 'k' } as const;
const own = { kind: 'workspace', classroomId: 'k', userId: 'me' } as const;
const others = { kind: 'workspace', classroomId: 'k', userId: 'someone' } as const;
const wall = { kind: 'wall', classroomId: 'k' } as const;

/** As the outside promise writes it: main in lecture and practice, main in free, own, another's, wall. */
const promised: Record<Role, [Access, Access, Access, Access, Access]> = {
  owner: ['write', 'write', 'write', 'write', 'read'],
  assistant: ['write', 'write', 'write', 'write', 'read'],
  student: ['read', 'write', 'write', 'none', 'none'],
  observer: ['read', 'read', 'none', 'read', 'read'],
};

test('[CON3] access to a document follows from role, mode and document alone', () => {
  for (const role of roleSchema.options) {
    const may = (mode: Mode) =>
      [main, own, others, wall].map((document) => documentAccess({ userId: 'me', role }, mode, document));
    const [mainElse, mainFree, ownWork, othersWork, wallSeen] = promised[role];
    for (const mode of modeSchema.options) {
      assert.deepEqual(
        may(mode),
        [mode === 'free' ? mainFree : mainElse, ownWork, othersWork, wallSeen],
        `${role} in ${mode}`,
      );
    }
  }
});

test('[CON4] owners and assistants are the staff', () => {
  assert.deepEqual(roleSchema.options.filter(isStaff), ['owner', 'assistant']);
});
