import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AppError } from '#contract/errors.ts';
import { limits } from '#contract/limits.ts';
import { codeHashOf, documentSource, postedSource } from './source.ts';

const classroomId = 'c';
const file = (path: string, content = '') => ({ path, content });

function refusal(work: () => unknown): [string, string | undefined] {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof AppError, String(error));
    return [error.code, error.errors?.[0]?.path];
  }
  throw new Error('was accepted');
}

test('[RUN21] code is named by its language', () => {
  const names = {
    python: 'main.py',
    javascript: 'main.js',
    typescript: 'main.ts',
    java: 'Main.java',
    c: 'main.c',
    cpp: 'main.cpp',
    r: 'main.r',
  };
  for (const [language, path] of Object.entries(names)) {
    const source = postedSource({ classroomId, language, code: '1' });
    assert.deepEqual(source, { language, files: [file(path, '1')], entry: path });
  }
});

test('[RUN21] where a program of several files begins', () => {
  const entryOf = (paths: string[], entry?: string) =>
    postedSource({ classroomId, language: 'python', files: paths.map((path) => file(path)), entry }).entry;
  assert.equal(entryOf(['a.py', 'main.py']), 'main.py');
  assert.equal(entryOf(['b.py', 'a.py']), 'b.py');
  assert.equal(entryOf(['b.py', 'main.py', 'lib/a.py'], 'lib/a.py'), 'lib/a.py');
});

test('[RUN21, RUN23] base64 is decoded strictly', () => {
  const decode = (code: string) =>
    postedSource({ classroomId, language: 'c', code, encoding: 'base64' }).files[0]!.content;
  for (const text of ['', 'a', 'ab', 'abc', 'printf("한글 🙂\\n");\n', '\ufeffwith a mark'])
    assert.equal(decode(Buffer.from(text).toString('base64')), text);
  const wrong = [
    'YQ',
    'YR==',
    'Y Q==',
    'YQ==\n',
    '_-8=',
    '====',
    'YQ==YQ==',
    Buffer.from([0xff, 0xfe]).toString('base64'),
  ];
  for (const code of wrong)
    assert.deepEqual(
      refusal(() => decode(code)),
      ['validation-failed', 'code'],
      code,
    );
  assert.equal(postedSource({ classroomId, language: 'c', code: 'YQ==' }).files[0]!.content, 'YQ==');
});

test('[RUN23] files that cannot be together', () => {
  const post = (paths: string[], entry?: string) =>
    refusal(() => postedSource({ classroomId, language: 'c', files: paths.map((path) => file(path)), entry }));
  assert.deepEqual(post(['a.c', 'b.c', 'a.c']), ['validation-failed', 'files.2.path']);
  assert.deepEqual(post(['lib/a.c', 'lib']), ['validation-failed', 'files.0.path']);
  assert.deepEqual(post(['lib', 'lib/deep/a.c']), ['validation-failed', 'files.1.path']);
  assert.deepEqual(post(['a.c'], 'b.c'), ['validation-failed', 'entry']);
});

test('[RUN23] sources count in bytes, all together', () => {
  const half = limits.sourceBytes / 2;
  const post = (second: string) =>
    postedSource({ classroomId, language: 'c', files: [file('a.c', 'x'.repeat(half)), file('b.c', second)] });
  assert.equal(post('x'.repeat(half)).files.length, 2);
  assert.equal(post('한'.repeat(Math.floor(half / 3))).files.length, 2);
  assert.deepEqual(refusal(() => post('x'.repeat(half + 1)))[0], 'source-too-large');
  assert.deepEqual(refusal(() => post('한'.repeat(Math.ceil(half / 3) + 1)))[0], 'source-too-large');
});

test('[RUN22] the program in a document', () => {
  const files = [
    { id: 'main', path: 'app.py', language: 'python', text: 'import lib' },
    { id: 'f2', path: 'test.js', language: 'javascript', text: '1' },
  ];
  const programFiles = [file('app.py', 'import lib'), file('test.js', '1')];
  const document = { epoch: 1, files };
  assert.deepEqual(documentSource(document), { language: 'python', files: programFiles, entry: 'app.py' });
  assert.deepEqual(documentSource(document, 'f2'), { language: 'javascript', files: programFiles, entry: 'test.js' });
  assert.deepEqual(
    refusal(() => documentSource(document, 'f3')),
    ['validation-failed', 'file'],
  );
  const inFile = { ...files[1]!, path: 'app.py/test.js' };
  assert.deepEqual(
    refusal(() => documentSource({ epoch: 1, files: [files[0]!, inFile] })),
    ['validation-failed', 'document'],
  );
  const large = { id: 'main', path: 'a.py', language: 'python', text: 'x'.repeat(limits.sourceBytes + 1) };
  assert.equal(refusal(() => documentSource({ epoch: 1, files: [large] }))[0], 'source-too-large');
});

test('[RUN29] the hash of what runs', () => {
  const source = { language: 'python', files: [file('a.py', '1'), file('b.py', '2')], entry: 'a.py' };
  const hash = codeHashOf(source, ['-v']);
  assert.match(hash, /^[0-9a-f]{64}$/);
  assert.equal(codeHashOf({ ...source, files: source.files.toReversed() }, ['-v']), hash);
  const others = [
    codeHashOf({ ...source, language: 'c' }, ['-v']),
    codeHashOf({ ...source, entry: 'b.py' }, ['-v']),
    codeHashOf(source, []),
    codeHashOf(source, ['-', 'v']),
    codeHashOf({ ...source, files: [file('a.py', '2'), file('b.py', '1')] }, ['-v']),
    codeHashOf({ ...source, files: [file('a.py', '12'), file('b.py', '')] }, ['-v']),
    codeHashOf({ ...source, files: source.files.slice(0, 1) }, ['-v']),
  ];
  assert.equal(new Set([hash, ...others]).size, others.length + 1);
  // Printed once by `printf '%s' '["lectern code 1","c","main.c",[],[["main.c",""]]]' | sha256sum`.
  const empty = { language: 'c', files: [file('main.c')], entry: 'main.c' };
  assert.equal(codeHashOf(empty, []), '838db66c75fee067d9f4dd0d84ae04065d8f18486d3fd63686c3068d8cedd351');
});
