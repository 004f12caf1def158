import assert from 'node:assert/strict';
import test from 'node:test';
import * as Y from 'yjs';
import { readFiles } from '../src/document/files.ts';
import { readPeople } from '../src/document/people.ts';
import { readServerState } from '../src/document/server-state.ts';
import { cssString } from '../src/editor/css-string.ts';

const user = { id: 'u1', name: 'Ada', color: '#268bd2', role: 'student' };

test('[WEB3] people come from awareness states that name a person; the own window and the server are not among them', () => {
  const text = new Y.Doc().getText('f:main');
  text.insert(0, 'abc');
  const place: unknown = JSON.parse(JSON.stringify(Y.createRelativePositionFromTypeIndex(text, 1)));
  const states = new Map<number, unknown>([
    [1, { user }],
    [2, { user, selection: { anchor: place, head: place } }],
    [3, { kind: 'server', epoch: 1, mode: 'lecture', log: 'ok' }],
    [4, { user: { name: 'nobody' } }],
    [5, null],
  ]);
  const people = readPeople(states, 1);
  assert.deepEqual(
    people.map(({ clientId, fileId }) => [clientId, fileId]),
    [[2, 'main']],
  );
});

test('[WEB3] a selection that would make Yjs throw counts as none', () => {
  const good = { tname: 'f:main', type: null, item: null, assoc: 0 };
  const bad = [
    { tname: 'f:main', item: {} },
    { tname: 'f:main', item: { client: -1, clock: 'x' } },
    { item: null },
    5,
    {},
  ];
  for (const anchor of bad) {
    const [person] = readPeople(new Map([[2, { user, selection: { anchor, head: good } }]]), 1);
    assert.equal(person!.selection, undefined, JSON.stringify(anchor));
  }
});

test('[WEB4] of several server states the newest run counts, and the worst state of storage', () => {
  const run = (seq: number) => ({
    seq,
    runId: `r${seq}`,
    status: 'ok',
    language: 'python',
    by: { id: 'u1', name: 'Ada' },
    exitCode: 0,
    tail: '',
    startedAt: 1,
    finishedAt: 2,
  });
  const server = { kind: 'server', epoch: 70_000, mode: 'free', log: 'ok' };
  const state = readServerState([{ ...server, run: run(7) }, { ...server, log: 'buffering', run: run(5) }, { user }]);
  assert.equal(state?.run?.runId, 'r7');
  assert.deepEqual([state?.storing, state?.accepting, state?.mode], [false, true, 'free']);
  assert.equal(readServerState([{ ...server, log: 'full' }])?.accepting, false);
  assert.equal(readServerState([{ user }]), undefined);
});

test('[WEB5] names cannot break out of the style rules that show them', () => {
  assert.equal(cssString('김민지 🙂'), '"김민지 🙂"');
  assert.equal(cssString('"} * { display: none } \\ </style>'), '"\\22 } * { display: none } \\5c  \\3c /style\\3e "');
  assert.equal(cssString('a\nb'), '"a\\a b"');
});

test('[WEB6] the main file comes first, the others by path, and what is no file is left out', () => {
  const file = (path: string) => ({ path, language: 'python' });
  const files = readFiles({ b: file('util.py'), a: file('data.py'), main: file('main.py'), x: 'junk', y: { path: 3 } });
  assert.deepEqual(
    files.map(({ path }) => path),
    ['main.py', 'data.py', 'util.py'],
  );
});
