import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import test, { type TestContext } from 'node:test';

/** A process that stops on signals and closes by `close`; it says `ready` when it listens, `closing` when it closes. */
async function start(t: TestContext, close: string, options: { withinMs?: number; afterwards?: string } = {}) {
  const program = `
    import { createLog } from ${JSON.stringify(import.meta.resolve('./log.ts'))};
    import { stopOnSignals } from ${JSON.stringify(import.meta.resolve('./lifecycle.ts'))};
    setInterval(() => {}, 1_000);
    stopOnSignals({
      log: createLog({ level: 'info' }),
      withinMs: ${options.withinMs ?? 5_000},
      close: async () => {
        process.stdout.write('closing\\n');
        return (${close})();
      },
    });
    process.stdout.write('ready\\n');
    ${options.afterwards ?? ''}`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program]);
  t.after(() => child.kill('SIGKILL'));
  let [said, log] = ['', ''];
  child.stderr.on('data', (chunk: Buffer) => (log += String(chunk)));
  const until = async (word: string) => {
    while (!said.includes(word)) said += String(((await once(child.stdout, 'data')) as [Buffer])[0]);
  };
  const ended = once(child, 'close').then(([code, signal]) => ({ code: code as unknown, signal: signal as unknown }));
  await until('ready');
  return { kill: (signal: NodeJS.Signals) => child.kill(signal), until, ended, logged: () => log };
}

test('[LIF5] SIGTERM and SIGINT close, and the exit code is 0 when all closed well', async (t) => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const child = await start(t, '() => true');
    child.kill(signal);
    assert.deepEqual(await child.ended, { code: 0, signal: null });
    assert.match(child.logged(), new RegExp(`"reason":"${signal}"`));
  }
});

test('[LIF6] the exit code is 1 when a part did not close, or the deadline passed', async (t) => {
  const dirty = await start(t, '() => false');
  dirty.kill('SIGTERM');
  assert.deepEqual(await dirty.ended, { code: 1, signal: null });
  const hanging = await start(t, '() => new Promise(() => {})', { withinMs: 50 });
  hanging.kill('SIGTERM');
  assert.deepEqual(await hanging.ended, { code: 1, signal: null });
  assert.match(hanging.logged(), /stopping took too long/);
});

test('[LIF7] a second signal exits at once', async (t) => {
  const child = await start(t, '() => new Promise(() => {})', { withinMs: 60_000 });
  child.kill('SIGTERM');
  await child.until('closing');
  const startedAt = performance.now();
  child.kill('SIGTERM');
  assert.deepEqual(await child.ended, { code: null, signal: 'SIGKILL' });
  assert.ok(performance.now() - startedAt < 10_000);
});

test('[LIF8] an error or a rejection that nobody caught is logged and closes with 1', async (t) => {
  for (const afterwards of [
    "setImmediate(() => { throw new Error('lost') })",
    "void Promise.reject(new Error('lost'))",
  ]) {
    const child = await start(t, '() => true', { afterwards });
    await child.until('closing');
    assert.deepEqual(await child.ended, { code: 1, signal: null });
    assert.match(child.logged(), /"message":"lost"/);
  }
});
