import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';

type Outcome = { code: number; stdout: string; stderr: string };

describe('npm run migrate', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'lectern-migrate-'));
  });
  after(() => rm(folder, { recursive: true }));

  const run = (words: string[], environment: Record<string, string> = {}) =>
    new Promise<Outcome>((resolve) => {
      const env = { PATH: process.env.PATH, DATA_DIR: path.join(folder, 'data'), ...environment };
      const program = path.join(import.meta.dirname, 'main.ts');
      execFile(process.execPath, [program, ...words], { env }, (error, stdout, stderr) =>
        resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
      );
    });

  test('[DB35] up from several processes at once on a new DATA_DIR, then status and down', async () => {
    const ups = await Promise.all([run(['up']), run(['up']), run(['up'])]);
    for (const { code, stderr } of ups) assert.deepEqual([code, stderr], [0, '']);
    const lines = ups.flatMap(({ stdout }) => stdout.trimEnd().split('\n'));
    const made = lines.filter((line) => line.endsWith('(now)')).map((line) => line.split(' ')[0]!);
    assert.equal(new Set(made).size, made.length);
    assert.equal(made.length, lines.length / 3);

    const status = await run(['status']);
    assert.equal(status.stdout.match(/^\d{4}-[\w-]+ +applied \d{4}-\d\d-\d\dT[\d:.]+Z$/gm)?.length, made.length);
    const down = await run(['down']);
    assert.deepEqual([down.code, down.stdout.match(/pending {2}\(now\)$/gm)?.length], [0, 1]);
  });

  test('[DB36] wrong words, bad configuration and a missing database end with 1 and a sentence, not a stack', async () => {
    const blocked = path.join(folder, 'blocked');
    await writeFile(blocked, '');
    const outcomes: [Outcome, RegExp][] = [
      [await run([]), /^Use: npm run migrate -- up\|down\|status/],
      [await run(['sideways']), /^Use: /],
      [await run(['up', 'down']), /^Use: /],
      [await run(['up'], { DATABASE_URL: 'postgres://x' }), /DATABASE_URL: must look like mysql:/],
      [await run(['up'], { DATA_DIR: path.join(blocked, 'data') }), /^cannot open the database file /],
    ];
    for (const [{ code, stdout, stderr }, message] of outcomes) {
      assert.deepEqual([code, stdout], [1, '']);
      assert.match(stderr, message);
      assert.doesNotMatch(stderr, /\n\s+at /);
    }
  });
});
