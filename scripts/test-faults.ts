// npm run test:faults [-- --seed N] [--only D5]: the fault bench in its long form, one file after the other.
// --rounds says how often the server is killed (200). --only takes a part of a title: a case of the catalogue (D5) or a rule (DUR4).
import { execFileSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { parseArgs } from 'node:util';

const everythingMs = 3 * 60 * 60_000;

process.chdir(path.dirname(import.meta.dirname));
const { values } = parseArgs({
  options: { seed: { type: 'string' }, only: { type: 'string' }, rounds: { type: 'string', default: '200' } },
});
const seed = Number(values.seed ?? Math.floor(Math.random() * 1_000_000_000));
if (!Number.isSafeInteger(seed)) {
  console.error(`--seed ${values.seed}: a seed is a whole number.`);
  process.exit(1);
}
console.log(`Fault bench, long form. Seed ${seed}; run it again with: npm run test:faults -- --seed ${seed}`);

const all = globSync('test/faults/**/*.test.ts').toSorted();
const pattern = new RegExp(`\\b(${values.only ?? '.*'})\\b`);
// A title that is put together while it runs is found in no file: then every file is asked.
const named = all.filter((file) => values.only === undefined || pattern.test(readFileSync(file, 'utf8')));

// The whole program is started in some cases, and would build the page first.
execFileSync(process.execPath, ['web/build.ts'], { stdio: 'inherit' });
const events = run({
  files: named.length > 0 ? named : all,
  concurrency: 1,
  timeout: everythingMs,
  env: { ...process.env, FAULTS_MODE: 'long', FAULTS_SEED: String(seed), FAULTS_ROUNDS: values.rounds },
  execArgv: ['--import', import.meta.resolve('./test-guard.ts')],
  ...(values.only !== undefined && { testNamePatterns: pattern }),
});
let failed = 0;
let passed = 0;
events.on('test:summary', ({ file, counts }) => {
  if (file === undefined)
    ({ passed, failed } = { passed: counts.passed, failed: counts.tests - counts.passed - counts.skipped });
});
for await (const line of events.compose(new spec())) process.stdout.write(line);
console.log(`\nSeed ${seed}: ${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
