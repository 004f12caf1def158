import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { AppError } from '#contract/errors.ts';
import { type RunControl, type RunJob, runJobSchema } from '#contract/run.ts';
import type { JobContext, RunQueue, Settled } from '#platform/queue/index.ts';
import { runJob } from '../support/run-jobs.ts';
import { waitFor } from '../support/wait-for.ts';

/** Notes what a watcher hears. */
export function recordEvents() {
  const heard: string[] = [];
  const settled = new Map<string, Settled>();
  return {
    heard,
    settled,
    events: {
      active: ({ runId }: { runId: string }) => void heard.push(`active ${runId}`),
      progress: ({ runId, progress }: { runId: string; progress: { status: string } }) =>
        void heard.push(`${progress.status} ${runId}`),
      settled(event: Settled) {
        heard.push(`${event.outcome} ${event.runId}`);
        settled.set(event.runId, event);
      },
    },
  };
}

/** What every run queue promises, whatever it is kept in. Each test uses a language of its own. */
export function queueSuite(adapter: { name: string; skip: string | false; open(): Promise<RunQueue> }): void {
  const { name, skip } = adapter;
  let queue: RunQueue;
  let languages = 0;
  const newLanguage = () => `lang-${(languages += 1)}`;

  if (skip === false) {
    before(async () => {
      queue = await adapter.open();
    });
    after(() => queue.close());
  }

  /** A handler that goes on until it is told to, or aborted. */
  function heldHandler() {
    const begun: string[] = [];
    const contexts = new Map<string, JobContext>();
    const release = Promise.withResolvers<void>();
    const handler = async (data: unknown, context: JobContext) => {
      const { runId } = runJobSchema.parse(data);
      begun.push(runId);
      contexts.set(runId, context);
      const aborted = new Promise((resolve) => context.signal.addEventListener('abort', resolve));
      await Promise.race([release.promise, aborted]);
      return { v: 1, runId, status: context.signal.aborted ? 'cancelled' : 'ok' };
    };
    return { begun, contexts, handler, release: () => release.resolve() };
  }

  const settledAs = (language: string, runId: string, state: string) =>
    waitFor(async () => (await queue.state(language, runId)).state === state, { what: `${runId} to be ${state}` });

  test(`[QUE1] ${name}: a job goes to a consumer and its result comes back`, { skip }, async () => {
    const language = newLanguage();
    const { heard, settled, events } = recordEvents();
    await queue.watch([language], events);
    const job = runJob(language, {
      files: [{ path: 'main.py', content: 'print("한글 👋 \u0000 \ud800")\n' }],
      stdin: { mode: 'text', text: '\u0000\udfff' },
    });
    const received: unknown[] = [];
    const consumer = await queue.consume(language, { concurrency: 1 }, async (data, context) => {
      received.push(data);
      await context.progress({ status: 'compiling' });
      await context.progress({ status: 'running' });
      return { v: 1, runId: job.runId, status: 'ok', exitCode: 0, stdout: '한글 👋 \u0000 \ud800\\u0000', stderr: '' };
    });
    await queue.add(job);
    await waitFor(() => settled.has(job.runId));
    assert.deepEqual(received, [job]);
    assert.deepEqual(
      heard,
      ['active', 'compiling', 'running', 'completed'].map((what) => `${what} ${job.runId}`),
    );
    const value = {
      v: 1,
      runId: job.runId,
      status: 'ok',
      exitCode: 0,
      stdout: '한글 👋 \u0000 \ud800\\u0000',
      stderr: '',
    };
    assert.deepEqual(settled.get(job.runId), { runId: job.runId, language, outcome: 'completed', value });
    assert.deepEqual(await queue.state(language, job.runId), { state: 'completed', value });
    await consumer.close();
  });

  test(`[QUE2] ${name}: a run added again runs once`, { skip }, async () => {
    const language = newLanguage();
    const runs: unknown[] = [];
    const job = runJob(language);
    await queue.add(job);
    await queue.add({ ...job, codeHash: 'other' });
    const consumer = await queue.consume(language, { concurrency: 2 }, async (data) => {
      runs.push(data);
      return 'first';
    });
    await settledAs(language, job.runId, 'completed');
    await queue.add(job);
    const last = runJob(language);
    await queue.add(last);
    await settledAs(language, last.runId, 'completed');
    assert.deepEqual(runs, [job, last]);
    await consumer.close();
  });

  test(`[QUE3] ${name}: only waiting jobs can be removed`, { skip }, async () => {
    const language = newLanguage();
    const { begun, handler, release } = heldHandler();
    const [active, removed, last] = [runJob(language), runJob(language), runJob(language)];
    for (const job of [active, removed, last]) await queue.add(job);
    const consumer = await queue.consume(language, { concurrency: 1 }, handler);
    await waitFor(() => begun.length === 1);
    assert.equal(await queue.remove(language, removed.runId), true);
    assert.equal(await queue.remove(language, removed.runId), false);
    assert.equal(await queue.remove(language, active.runId), false);
    assert.equal(await queue.remove(language, 'unknown'), false);
    release();
    await settledAs(language, last.runId, 'completed');
    assert.equal(await queue.remove(language, last.runId), false);
    assert.deepEqual(begun, [active.runId, last.runId]);
    assert.equal((await queue.state(language, removed.runId)).state, 'absent');
    assert.equal((await queue.state(language, last.runId)).state, 'completed');
    await consumer.close();
  });

  test(`[QUE4] ${name}: control messages reach the handler in order, and cancel aborts it`, { skip }, async () => {
    const language = newLanguage();
    const job = runJob(language);
    const sent: RunControl[] = [
      { type: 'stdin', d: 'early 한글\n' },
      { type: 'stdin', d: '' },
      { type: 'stdin', d: 'late' },
      { type: 'eof' },
      { type: 'cancel' },
    ];
    await queue.add(job);
    for (const control of sent.slice(0, 2)) await queue.control(job.runId, control);
    const got: RunControl[] = [];
    let reason: unknown;
    const consumer = await queue.consume(language, { concurrency: 1 }, async (_, context) => {
      await delay(20);
      context.onControl((control) => void got.push(control));
      await new Promise((resolve) => context.signal.addEventListener('abort', resolve));
      reason = context.signal.reason;
      return { status: 'cancelled' };
    });
    await waitFor(() => got.length === 2);
    await queue.control('another-run', { type: 'cancel' });
    for (const control of sent.slice(2)) await queue.control(job.runId, control);
    await settledAs(language, job.runId, 'completed');
    assert.deepEqual(got, sent);
    assert.equal(reason, 'cancel');
    await consumer.close();
  });

  test(`[QUE4] ${name}: a run cancelled before it was active finds its signal aborted`, { skip }, async () => {
    const language = newLanguage();
    const job = runJob(language);
    await queue.add(job);
    await queue.control(job.runId, { type: 'cancel' });
    const consumer = await queue.consume(language, { concurrency: 1 }, async (_, context) => {
      await waitFor(() => context.signal.aborted);
      return context.signal.reason as unknown;
    });
    await settledAs(language, job.runId, 'completed');
    assert.equal((await queue.state(language, job.runId)).value, 'cancel');
    await consumer.close();
  });

  test(`[QUE5] ${name}: a handler that throws fails its job for good`, { skip }, async () => {
    const language = newLanguage();
    const { settled, events } = recordEvents();
    await queue.watch([language], events);
    let runs = 0;
    const consumer = await queue.consume(language, { concurrency: 1 }, async () => {
      runs += 1;
      throw new Error('no sandbox \u0000\ud800 here');
    });
    const job = runJob(language);
    await queue.add(job);
    await waitFor(() => settled.has(job.runId));
    const reason = 'no sandbox \ufffd here';
    assert.deepEqual(settled.get(job.runId), { runId: job.runId, language, outcome: 'failed', reason });
    assert.deepEqual(await queue.state(language, job.runId), { state: 'failed', reason });
    await delay(100);
    assert.equal(runs, 1);
    await consumer.close();
  });

  test(`[QUE6] ${name}: jobs go to their language, in order and within its concurrency`, { skip }, async () => {
    const [one, other] = [newLanguage(), newLanguage()];
    const jobs = Array.from({ length: 6 }, () => runJob(one));
    const foreign = runJob(other);
    await queue.add(foreign);
    for (const job of jobs) await queue.add(job);
    const begun: string[] = [];
    let [running, most] = [0, 0];
    const consumer = await queue.consume(one, { concurrency: 2 }, async (data) => {
      begun.push((data as RunJob).runId);
      running += 1;
      most = Math.max(most, running);
      await delay(20);
      running -= 1;
      return null;
    });
    await settledAs(one, jobs.at(-1)!.runId, 'completed');
    await waitFor(() => running === 0);
    assert.deepEqual(
      begun,
      jobs.map(({ runId }) => runId),
    );
    assert.equal(most, 2);
    assert.equal((await queue.state(other, foreign.runId)).state, 'waiting');
    await consumer.close();
  });

  test(`[QUE7] ${name}: state follows a job`, { skip }, async () => {
    const language = newLanguage();
    const job = runJob(language);
    assert.deepEqual(await queue.state(language, job.runId), { state: 'absent' });
    await queue.add(job);
    assert.deepEqual(await queue.state(language, job.runId), { state: 'waiting' });
    const { begun, handler, release } = heldHandler();
    const consumer = await queue.consume(language, { concurrency: 1 }, handler);
    await waitFor(() => begun.length === 1);
    assert.deepEqual(await queue.state(language, job.runId), { state: 'active' });
    release();
    await settledAs(language, job.runId, 'completed');
    await consumer.close();
  });

  test(`[QUE8] ${name}: workers are listed while they are heard of`, { skip }, async () => {
    const registration = {
      v: 1,
      languages: [{ id: 'python', version: '3.13' }],
      isolation: 'wasm',
      slots: 2,
      heartbeatAt: Date.now(),
    } as const;
    const entry = { ...registration, languages: [...registration.languages] };
    await queue.register('w1', entry);
    await queue.register('w2', { ...entry, heartbeatAt: Date.now() - 20_000 });
    assert.deepEqual(await queue.workers(), new Map([['w1', entry]]));
    await queue.register('w2', entry);
    assert.deepEqual([...(await queue.workers()).keys()].toSorted(), ['w1', 'w2']);
    await queue.unregister('w1');
    await queue.unregister('w2');
    assert.deepEqual(await queue.workers(), new Map());
  });

  test(`[QUE9] ${name}: closing a consumer gives grace, then aborts`, { skip }, async () => {
    const language = newLanguage();
    const quick = heldHandler();
    const first = await queue.consume(language, { concurrency: 1 }, quick.handler);
    const [ends, aborted, stays] = [runJob(language), runJob(language), runJob(language)];
    await queue.add(ends);
    await waitFor(() => quick.begun.length === 1);
    const closing = first.close({ graceMs: 5_000 });
    await queue.add(aborted);
    setTimeout(quick.release, 50);
    await closing;
    assert.deepEqual(quick.begun, [ends.runId]);
    assert.equal((await queue.state(language, ends.runId)).state, 'completed');
    assert.equal((await queue.state(language, aborted.runId)).state, 'waiting');

    const endless = heldHandler();
    const second = await queue.consume(language, { concurrency: 1 }, endless.handler);
    await waitFor(() => endless.begun.length === 1);
    await queue.add(stays);
    await second.close({ graceMs: 20 });
    assert.equal(endless.contexts.get(aborted.runId)?.signal.reason, 'shutdown');
    const value = { v: 1, runId: aborted.runId, status: 'cancelled' };
    assert.deepEqual(await queue.state(language, aborted.runId), { state: 'completed', value });
    assert.equal((await queue.state(language, stays.runId)).state, 'waiting');
  });

  test(`[QUE10] ${name}: a job over 1 MiB is refused`, { skip }, async () => {
    const language = newLanguage();
    const withText = (length: number) => runJob(language, { files: [{ path: 'a', content: '"'.repeat(length) }] });
    const [fits, over] = [withText(500_000), withText(600_000)];
    await queue.add(fits);
    assert.equal((await queue.state(language, fits.runId)).state, 'waiting');
    await assert.rejects(queue.add(over), (error) => error instanceof AppError && error.code === 'source-too-large');
    assert.equal((await queue.state(language, over.runId)).state, 'absent');
  });
}
