import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import test from 'node:test';
import { Closers, withDeadline } from './lifecycle.ts';
import { createLog } from './log.ts';

function closersWithLog() {
  const lines: string[] = [];
  const destination = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  return { closers: new Closers(createLog({ level: 'info', destination })), lines };
}

test('[LIF1] what was opened last is closed first, and each step waits for the one before', async () => {
  const { closers, lines } = closersWithLog();
  const events: string[] = [];
  closers.add('database', () => void events.push('database'));
  closers.add('http', async () => {
    events.push('http begins');
    await delay(20);
    events.push('http ends');
  });
  assert.equal(await closers.close(), true);
  assert.deepEqual(events, ['http begins', 'http ends', 'database']);
  assert.deepEqual(lines, []);
});

test('[LIF2] a step that throws, rejects or hangs is logged by name and holds up no other', async () => {
  const { closers, lines } = closersWithLog();
  const events: string[] = [];
  closers.add('first', () => void events.push('first'));
  closers.add('hangs', () => new Promise(() => {}), 20);
  closers.add('rejects', () => Promise.reject(new Error('no')));
  closers.add('throws', () => {
    throw new Error('no');
  });
  closers.add('last', () => void events.push('last'));
  assert.equal(await closers.close(), false);
  assert.deepEqual(events, ['last', 'first']);
  const failed = lines.map((line) => JSON.parse(line) as { step: string; error: { message: string } });
  assert.deepEqual(
    failed.map(({ step }) => step),
    ['throws', 'rejects', 'hangs'],
  );
  assert.equal(failed[2]!.error.message, 'hangs did not finish within 20 ms');
});

test('[LIF3] closing twice is closing once', async () => {
  const { closers } = closersWithLog();
  let closed = 0;
  closers.add('part', () => void (closed += 1));
  const [first, second] = await Promise.all([closers.close(), closers.close()]);
  assert.deepEqual([first, second, await closers.close(), closed], [true, true, true, 1]);
});

test('[LIF9] what is opened while the rest is being closed, or later, is closed as well', async () => {
  const { closers } = closersWithLog();
  const events: string[] = [];
  closers.add('first', () => void events.push('first'));
  closers.add('second', async () => {
    closers.add('meanwhile', () => void events.push('meanwhile'));
    events.push('second');
  });
  await closers.close();
  assert.deepEqual(events, ['second', 'meanwhile', 'first']);
  closers.add('afterwards', () => void events.push('afterwards'));
  await closers.close();
  assert.equal(events.at(-1), 'afterwards');
});

test('[LIF4] a deadline names what was late, and leaves no timer behind when the work is in time', async () => {
  await assert.rejects(withDeadline(new Promise(() => {}), 10, 'the slow part'), {
    message: 'the slow part did not finish within 10 ms',
  });
  await assert.rejects(withDeadline(Promise.reject(new Error('its own')), 1_000, 'x'), { message: 'its own' });
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const before = timers();
  assert.equal(await withDeadline(Promise.resolve(1), 60_000, 'x'), 1);
  assert.equal(await withDeadline(2, 60_000, 'x'), 2);
  assert.equal(timers(), before);
});
