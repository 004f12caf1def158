import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { environmentSchema } from '#platform/config.ts';

const root = path.dirname(import.meta.dirname);
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');
const compose = read('docker-compose.yml');

test('[TOOL7] the image holds everything that main.ts loads, and the build may see it', () => {
  const copied = [...read('Dockerfile').matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap((match) =>
    match[1]!.split(' '),
  );
  const ignored = read('.dockerignore').split('\n');
  for (const name of copied) {
    assert.ok(existsSync(path.join(root, name)), `${name} is there`);
    assert.ok(ignored.includes(`!${name.split('/', 1)[0]}`), `${name} is not kept out by .dockerignore`);
  }
  const loaded = [...read('main.ts').matchAll(/['"](?:\.\/|#)(.+?)['"]/g)].map((match) => match[1]!);
  assert.ok(loaded.length > 10);
  assert.deepEqual(
    loaded.filter((file) => !copied.includes(file) && !copied.includes(file.split('/', 1)[0]!)),
    [],
  );
});

test('[TOOL8] docker-compose.yml sets only variables that exist, and .env.example names all it asks for', () => {
  const settings = compose.slice(compose.indexOf('  environment:'), compose.indexOf('  depends_on:'));
  const names = [...settings.matchAll(/^ {4}([A-Z_]+):/gm)].map((match) => match[1]!);
  assert.ok(names.length > 4);
  assert.deepEqual(
    names.filter((name) => !Object.hasOwn(environmentSchema.shape, name)),
    [],
  );
  const asked = new Set([...compose.matchAll(/(?<!\$)\$\{([A-Z_]+)/g)].map((match) => match[1]!));
  const offered = new Set([...read('.env.example').matchAll(/^([A-Z_]+)=/gm)].map((match) => match[1]!));
  assert.deepEqual([...asked].toSorted(), [...offered].toSorted());
});

test('[TOOL9] no secret of docker-compose.yml has a default', () => {
  const defaults = [...compose.matchAll(/\$\{([A-Z_]+):?[-=]/g)].map((match) => match[1]);
  assert.deepEqual(defaults, ['HTTP_PORT']);
});
