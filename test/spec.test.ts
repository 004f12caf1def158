import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';

const root = path.dirname(import.meta.dirname);
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');
const exclude = ['**/node_modules', 'web/dist', '.data'];
const sections = globSync('docs/spec/*.md', { cwd: root });

/** Rules in the order of the section files, each as often as it is written. */
const rules = sections.flatMap((file) =>
  [...read(file).matchAll(/^- \*\*([A-Z]+\d+)\*\* \S/gm)].map((match) => ({ file, id: match[1]! })),
);

/** Titles of tests and subtests as they are written in the source; placeholders of a template stay as they are. */
const titles = globSync(['**/*.test.ts', 'test/**/*.ts'], { cwd: root, exclude }).flatMap((file) => {
  const code = read(file);
  const literals = [...code.matchAll(/(?:(?<![.\w])|(?<=\bawait \w+\.))(?:test|it)\(\s*(['"`])(.*?)\1/gs)];
  const found = literals.map((match) => ({ file, title: match[2]! }));
  // A test that only prepares the way for its subtests leaves the rules to them.
  const hasSubtests = /\bawait \w+\.test\(/.test(code);
  return found.filter(({ title }) => title.startsWith('[') || !hasSubtests);
});
const citationsOf = (title: string) => /^\[([A-Z]+\d+(?:, [A-Z]+\d+)*)\] \S/.exec(title)?.[1]?.split(', ') ?? [];

test('[TOOL4] every test title begins with rules that exist', () => {
  const known = new Set(rules.map(({ id }) => id));
  const wrong = titles
    .filter(({ title }) => citationsOf(title).length === 0 || !citationsOf(title).every((id) => known.has(id)))
    .map(({ file, title }) => `${file}: ${title}`);
  assert.ok(titles.length > 0);
  assert.deepEqual(wrong, []);
});

test('[TOOL5] every rule is cited by a test, and numbered once', () => {
  const cited = new Set(titles.flatMap(({ title }) => citationsOf(title)));
  assert.deepEqual(
    rules.filter(({ id }) => !cited.has(id)).map(({ file, id }) => `${file}: ${id} is cited by no test`),
    [],
  );
  const ids = rules.map(({ id }) => id);
  assert.deepEqual(
    ids.filter((id, index) => ids.indexOf(id) !== index),
    [],
  );
});

test('[TOOL6] docs/SPEC.md lists each section file, and nothing that is not there', () => {
  const listed = [...read('docs/SPEC.md').matchAll(/\]\((spec\/[\w-]+\.md)\)/g)].map((match) => `docs/${match[1]}`);
  assert.deepEqual(listed.toSorted(), sections.toSorted());
});
