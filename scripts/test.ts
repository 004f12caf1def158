// npm test [-- part-of-a-path …] [--name 'pattern']: runs every *.test.ts, or those whose path has one of the parts.
import { execFileSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { parseArgs } from 'node:util';

const testMs = 60_000;
const everythingMs = 20 * 60_000;

process.chdir(path.dirname(import.meta.dirname));
const { values, positionals } = parseArgs({ allowPositionals: true, options: { name: { type: 'string' } } });
const files = globSync('**/*.test.ts', { exclude: ['**/node_modules', 'web/dist', '.data'] })
  .filter((file) => positionals.length === 0 || positionals.some((part) => file.includes(part)))
  .toSorted();
if (files.length === 0) {
  console.error(`No test file has ${positionals.join(' or ')} in its path.`);
  process.exit(1);
}

// Tests that start the whole program would each build the page, all at once.
if (files.some((file) => file.includes('e2e'))) {
  execFileSync(process.execPath, ['web/build.ts'], { stdio: 'inherit' });
}

const counts = { passed: 0, failed: 0, skipped: 0 };
const skips = new Map<string, number>();
const events = run({
  files,
  concurrency: availableParallelism(),
  timeout: testMs,
  execArgv: ['--import', import.meta.resolve('./test-guard.ts')],
  signal: AbortSignal.timeout(everythingMs),
  ...(values.name !== undefined && { testNamePatterns: new RegExp(values.name) }),
});
events.on('test:pass', ({ skip }) => {
  if (skip === undefined) return;
  const reason = skip === true ? 'no reason given' : String(skip);
  skips.set(reason, (skips.get(reason) ?? 0) + 1);
});
events.on('test:summary', ({ file, counts: { tests, passed, skipped, todo } }) => {
  if (file === undefined) Object.assign(counts, { passed, failed: tests - passed - skipped - todo, skipped });
});

for await (const line of events.compose(new spec())) process.stdout.write(line);

if (skips.size > 0) console.log('\nSkipped:');
for (const [reason, count] of skips) console.log(`  ${count} × ${reason}`);
console.log(`\n${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exitCode = counts.failed > 0 || counts.passed === 0 ? 1 : 0;
