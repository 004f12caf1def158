import type { Log } from '#platform/log.ts';
import { createBullmqRunQueue } from './bullmq-run-queue.ts';
import { openRedisEngine } from './redis-engine.ts';
import type { RunQueue } from './run-queue.ts';
import { openThreadRunQueue } from './thread-run-queue.ts';

export type { AbortReason, Consumer, JobContext, JobState, RunQueue, RunQueueEvents, Settled } from './run-queue.ts';

/**
 * Opens the queue of runs: on Redis when there is a URL, where workers in other processes find it under `prefix`;
 * otherwise in a thread of this process with its files in `<dataDir>/queue`. Rejects when Redis does not answer within
 * 10 s.
 */
export async function openRunQueue(deps: {
  redisUrl: string | undefined;
  prefix: string;
  dataDir: string;
  log: Log;
}): Promise<RunQueue> {
  const { redisUrl, prefix, dataDir, log } = deps;
  if (redisUrl === undefined) return openThreadRunQueue({ dataDir, log });
  return createBullmqRunQueue({ engine: await openRedisEngine({ url: redisUrl, prefix, log }), log });
}
