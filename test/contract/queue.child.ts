import { setTimeout as delay } from 'node:timers/promises';
import type { RunJob } from '#contract/run.ts';
import { createLog } from '#platform/log.ts';
import { openRunQueue } from '#platform/queue/index.ts';

/**
 * A process with a queue, for tests that kill one or see it end. Adds the jobs, works on their language without ever
 * finishing, and says on standard output what it has begun. With `close` it closes the queue once a job runs: at once, or
 * when it has noticed that Redis is away.
 */
export type ChildTask = {
  redisUrl: string | undefined;
  prefix: string;
  dataDir: string;
  language: string;
  jobs: RunJob[];
  close?: 'at once' | 'when away';
};

const task = JSON.parse(process.argv[2]!) as ChildTask;
const queue = await openRunQueue({ ...task, log: createLog({ level: 'silent' }) });
const begun = Promise.withResolvers<string>();
const events = { active: () => undefined, progress: () => undefined, settled: () => undefined };
await queue.watch([task.language], events);
for (const job of task.jobs) await queue.add(job);
await queue.consume(task.language, { concurrency: 1 }, async (data, { signal }) => {
  begun.resolve((data as RunJob).runId);
  await new Promise((resolve) => {
    if (task.close !== undefined) signal.addEventListener('abort', resolve);
  });
});

process.stdout.write(`active ${await begun.promise}\n`);
if (task.close !== undefined) {
  if (task.close === 'when away') while (queue.healthy()) await delay(10);
  await queue.close();
  process.stdout.write('closed\n');
}
