import assert from 'node:assert/strict';
import test from 'node:test';
import { type DocumentName, formatDocumentName, parseDocumentName } from './document-name.ts';

const longId = 'i'.repeat(64);

test('[CON1] the three kinds of names are read and written alike', () => {
  const names: [string, DocumentName][] = [
    ['c:k1:main', { kind: 'main', classroomId: 'k1' }],
    ['c:k1:wall', { kind: 'wall', classroomId: 'k1' }],
    ['c:k1:s:u_1-A', { kind: 'workspace', classroomId: 'k1', userId: 'u_1-A' }],
    [`c:${longId}:s:${longId}`, { kind: 'workspace', classroomId: longId, userId: longId }],
  ];
  for (const [text, name] of names) {
    assert.deepEqual(parseDocumentName(text), name);
    assert.equal(formatDocumentName(name), text);
  }
});

test('[CON2] anything else is no name', () => {
  const junk = [
    '',
    'c',
    'c:',
    'c::main',
    'c:k1',
    'c:k1:',
    'c:k1:Main',
    'c:k1:main:',
    'c:k1:main:u1',
    'c:k1:s',
    'c:k1:s:',
    'c:k1:s:u1:x',
    'C:k1:main',
    ' c:k1:main',
    'c:k1:main\n',
    'c:k1\n:main',
    'c:k/1:main',
    'c:강의:main',
    'c:__proto__:constructor',
    `c:${longId}x:main`,
    `c:k1:s:${longId}x`,
    'c:'.repeat(100_000),
  ];
  for (const text of junk) assert.equal(parseDocumentName(text), undefined, text.slice(0, 80));
});
