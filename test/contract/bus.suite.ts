import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { ReplyBody, TopicMessage } from '#contract/bus.ts';
import { AppError } from '#contract/errors.ts';
import type { Bus } from '#platform/bus/index.ts';
import type { Log } from '#platform/log.ts';
import { recordLog } from '../support/record-log.ts';
import { waitFor } from '../support/wait-for.ts';

/** Two ends of one bus. Within one process both are the same object. */
export type OpenedBus = { here: Bus; there: Bus; close(): Promise<void> };

type Presence = TopicMessage<'presence.changed'>;

const presence = (...userIds: string[]): Presence => ({ nodeId: 'n1', classroomId: 'c1', userIds });
const content: ReplyBody<'document.read'> = {
  epoch: 3,
  files: [{ id: 'main', path: 'main.py', language: 'python', text: 'print("한글 👋")' }],
};

/** What every bus promises, whatever carries it. */
export function busSuite(adapter: { name: string; skip: string | false; open(log: Log): Promise<OpenedBus> }): void {
  const { name, skip } = adapter;

  const withBus = (run: (bus: OpenedBus & { logged(): string }) => Promise<void>) => async () => {
    const { log, text } = recordLog();
    const bus = await adapter.open(log);
    try {
      await run({ ...bus, logged: text });
    } finally {
      await bus.close();
    }
  };

  test(
    `[BUS1] ${name}: a message reaches every subscriber everywhere, once`,
    { skip },
    withBus(async ({ here, there }) => {
      const heard: string[] = [];
      await here.subscribe('run.requested', ({ runId }) => void heard.push(`here1 ${runId}`));
      await here.subscribe('run.requested', ({ runId }) => void heard.push(`here2 ${runId}`));
      await there.subscribe('run.requested', ({ runId }) => void heard.push(`there ${runId}`));
      await there.subscribe('run.cancel-requested', () => void heard.push('another topic'));

      await here.publish('run.requested', { runId: 'a' });
      await waitFor(() => heard.length >= 3);
      await there.publish('run.requested', { runId: 'b' });
      await waitFor(() => heard.length >= 6);
      await delay(50);
      assert.deepEqual(
        heard.toSorted(),
        ['a', 'b'].flatMap((id) => [`here1 ${id}`, `here2 ${id}`, `there ${id}`]).toSorted(),
      );
    }),
  );

  test(
    `[BUS2] ${name}: messages of one publisher arrive in order and one at a time, after the call that published`,
    { skip },
    withBus(async ({ here, there }) => {
      for (const subscriber of new Set([here, there])) {
        const begun: string[] = [];
        let running = 0;
        const off = await subscriber.subscribe('run.requested', async ({ runId }) => {
          assert.equal((running += 1), 1);
          begun.push(runId);
          await delay(Number(runId) % 3);
          running -= 1;
        });
        const ids = Array.from({ length: 20 }, (_, index) => String(index));
        const published = ids.map((runId) => here.publish('run.requested', { runId }));
        assert.deepEqual(begun, []);
        await Promise.all(published);
        await waitFor(() => begun.length === 20 && running === 0);
        assert.deepEqual(begun, ids);
        await off();
      }
    }),
  );

  test(
    `[BUS3] ${name}: a handler that fails is logged and hears the next message`,
    { skip },
    withBus(async ({ here, there, logged }) => {
      const heard: string[] = [];
      await there.subscribe('run.requested', ({ runId }) => {
        heard.push(`bad ${runId}`);
        throw new Error('the handler broke');
      });
      await there.subscribe('run.requested', ({ runId }) => void heard.push(`good ${runId}`));
      await here.publish('run.requested', { runId: 'a' });
      await here.publish('run.requested', { runId: 'b' });
      await waitFor(() => heard.length === 4);
      assert.deepEqual(heard.toSorted(), ['bad a', 'bad b', 'good a', 'good b']);
      await waitFor(() => logged().includes('the handler broke'));
    }),
  );

  test(
    `[BUS4] ${name}: what a subscriber does to a message stays with it`,
    { skip },
    withBus(async ({ here }) => {
      const seen: Presence[] = [];
      for (let index = 0; index < 2; index += 1)
        await here.subscribe('presence.changed', (message) => {
          seen.push(structuredClone(message));
          message.userIds.push('intruder');
        });
      const message = presence('u1');
      const published = here.publish('presence.changed', message);
      message.userIds.push('too late');
      await published;
      await waitFor(() => seen.length === 2);
      assert.deepEqual(seen, [presence('u1'), presence('u1')]);
      assert.deepEqual(message.userIds, ['u1', 'too late']);
    }),
  );

  test(
    `[BUS5] ${name}: a message of the wrong shape is dropped and logged without its content`,
    { skip },
    withBus(async ({ here, there, logged }) => {
      const heard: string[] = [];
      await there.subscribe('run.requested', ({ runId }) => void heard.push(runId));
      await here.publish('run.requested', { runId: 'not an id: hunter2' });
      await here.publish('run.requested', {} as never);
      await here.publish('run.requested', { runId: 'good' });
      await waitFor(() => heard.length > 0);
      assert.deepEqual(heard, ['good']);
      assert.match(logged(), /"topic":"run.requested".*wrong shape/);
      assert.doesNotMatch(logged(), /hunter2/);
    }),
  );

  test(
    `[BUS6] ${name}: nothing arrives after unsubscribing`,
    { skip },
    withBus(async ({ here, there }) => {
      const heard: string[] = [];
      const off = await there.subscribe('run.requested', async ({ runId }) => {
        heard.push(runId);
        await off();
      });
      const still: string[] = [];
      await there.subscribe('run.requested', ({ runId }) => void still.push(runId));
      await Promise.all(['a', 'b', 'c'].map((runId) => here.publish('run.requested', { runId })));
      await waitFor(() => still.length === 3);
      assert.deepEqual(heard, ['a']);
      await off();
    }),
  );

  test(
    `[BUS7] ${name}: the first responder that has an answer gives it`,
    { skip },
    withBus(async ({ here, there }) => {
      const asked: string[] = [];
      await here.respond('document.read', async (question) => {
        asked.push(`not mine: ${question.name}`);
        return undefined;
      });
      await there.respond('document.read', async (question) => {
        asked.push(`mine: ${question.name}`);
        return content;
      });
      const off = await there.respond('document.read', async () => {
        await delay(100);
        return { ...content, epoch: 99 };
      });
      assert.deepEqual(await here.request('document.read', { name: 'c:1:main' }), content);
      assert.deepEqual(await there.request('document.read', { name: 'c:2:main' }), content);
      await waitFor(() => asked.length === 4);
      assert.deepEqual(asked.toSorted(), [
        'mine: c:1:main',
        'mine: c:2:main',
        'not mine: c:1:main',
        'not mine: c:2:main',
      ]);
      await off();
    }),
  );

  test(
    `[BUS8] ${name}: an AppError comes through by code and detail, another failure as internal-error`,
    { skip },
    withBus(async ({ here, there, logged }) => {
      await there.respond('document.read', async ({ name: document }) => {
        if (document === 'gone') throw new AppError('not-found', 'Open another document.');
        throw new Error('at line 7 of a secret file');
      });
      await assert.rejects(here.request('document.read', { name: 'gone' }), (error) => {
        assert.ok(error instanceof AppError);
        assert.deepEqual([error.code, error.detail], ['not-found', 'Open another document.']);
        return true;
      });
      await assert.rejects(here.request('document.read', { name: 'broken' }), (error) => {
        assert.ok(error instanceof AppError && error.code === 'internal-error');
        assert.doesNotMatch(JSON.stringify(error) + error.message, /secret file/);
        return true;
      });
      await waitFor(() => logged().includes('a bus responder failed'));
    }),
  );

  test(
    `[BUS9] ${name}: a question that nobody answers in time is unavailable`,
    { skip },
    withBus(async ({ here, there }) => {
      const unanswered = (error: unknown) =>
        error instanceof AppError && error.code === 'unavailable' && /try again/.test(error.detail);
      await assert.rejects(here.request('document.read', { name: 'x' }, { timeoutMs: 50 }), unanswered);
      await there.respond('document.read', async () => undefined);
      await assert.rejects(here.request('document.read', { name: 'x' }, { timeoutMs: 50 }), unanswered);
    }),
  );

  test(
    `[BUS10] ${name}: questions and answers of the wrong shape do not count`,
    { skip },
    withBus(async ({ here, there, logged }) => {
      await there.respond('document.read', async ({ name: document }) =>
        document === 'wrong' ? ({ epoch: 'three' } as never) : content,
      );
      await there.respond('document.read', async ({ name: document }) => {
        await delay(30);
        return document === 'wrong' ? { ...content, epoch: 4 } : undefined;
      });
      assert.equal((await here.request('document.read', { name: 'wrong' })).epoch, 4);
      await assert.rejects(here.request('document.read', { name: 7 } as never, { timeoutMs: 50 }), AppError);
      assert.match(logged(), /dropped an answer of the wrong shape/);
      assert.match(logged(), /dropped a question of the wrong shape/);
    }),
  );

  test(
    `[BUS14] ${name}: closing fails what waits, and later questions`,
    { skip },
    withBus(async ({ here }) => {
      const refused = { name: 'AppError', code: 'unavailable' };
      const waiting = assert.rejects(here.request('document.read', { name: 'x' }, { timeoutMs: 60_000 }), refused);
      await here.close();
      await waiting;
      await assert.rejects(here.request('document.read', { name: 'x' }), refused);
      await here.publish('run.requested', { runId: 'a' });
    }),
  );
}
