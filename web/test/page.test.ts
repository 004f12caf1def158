import assert from 'node:assert/strict';
import test from 'node:test';
import { errorTable } from '#contract/errors.ts';
import { ApiError } from '../src/api/problem.ts';
import { compareTexts } from '../src/document/recovery.ts';
import { languageOfPath } from '../src/languages.ts';
import { parsePath } from '../src/route.ts';
import { chooseStrings, explain } from '../src/strings/index.ts';

test('[WEB7] three addresses lead somewhere, everything else is home', () => {
  assert.deepEqual(parsePath('/c/abc_1-2'), { at: 'classroom', id: 'abc_1-2' });
  assert.deepEqual(parsePath('/join/A%20B'), { at: 'join', code: 'A B' });
  for (const path of ['/', '/c/', '/c/a.b', '/c/%', '/join/', '/join/%E0%A4', '/reset']) {
    assert.deepEqual(parsePath(path), { at: 'home' }, path);
  }
});

test('[WEB8] the page speaks Korean to those who ask for it before English, and English to all others', () => {
  assert.equal(chooseStrings(['ko-KR', 'en']).language, 'ko');
  assert.equal(chooseStrings(['de', 'ko', 'en']).language, 'ko');
  assert.equal(chooseStrings(['en-GB', 'ko']).language, 'en');
  assert.equal(chooseStrings(['kok', 'fr']).language, 'en');
  assert.equal(chooseStrings([]).language, 'en');
});

test('[WEB9] a refusal is told in the own language: Korean has words for every code, English shows the detail', () => {
  const [en, ko] = [chooseStrings(['en']), chooseStrings(['ko'])];
  const refusal = new ApiError('validation-failed', 400, 'Look again.', [{ path: 'title', message: 'too long' }]);
  assert.equal(explain(en, refusal), 'Look again.\ntitle: too long');
  for (const code of Object.keys(errorTable)) {
    assert.match(explain(ko, new ApiError(code, 400, 'detail')), /[가-힣]/, code);
  }
  assert.equal(explain(en, new ApiError('network', 0, '')), en.errors.network);
  assert.equal(explain(en, new TypeError('x is not a function')), en.errors.unknown);
});

test('[WEB10] only text that is not in the document any more becomes a recovery copy', () => {
  const file = (id: string, text: string) => ({ id, path: `${id}.py`, language: 'python', text });
  const earlier = [file('main', 'mine'), file('same', 'same'), file('gone', 'gone'), file('empty', '')];
  const copy = compareTexts('c:1:main', earlier, [file('main', 'theirs'), file('same', 'same'), file('empty', 'new')]);
  assert.deepEqual(
    copy?.files.map(({ id }) => id),
    ['main', 'gone'],
  );
  assert.equal(compareTexts('c:1:main', [file('same', 'same')], [file('same', 'same')]), undefined);
});

test('[WEB11] the language of a new file follows its name', () => {
  assert.deepEqual(['a.py', 'src/Main.java', 'a.b.TS', 'x.cpp', 'notes', 'data.csv'].map(languageOfPath), [
    'python',
    'java',
    'typescript',
    'cpp',
    'text',
    'text',
  ]);
});
