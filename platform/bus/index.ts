import type { Log } from '#platform/log.ts';
import type { Bus } from './bus.ts';
import { createMemoryBus } from './memory-bus.ts';
import { openRedisBus } from './redis-bus.ts';

export type { Bus } from './bus.ts';

/**
 * Opens the bus: on Redis when there is a URL, within this process otherwise. `prefix` separates installations on one
 * Redis. Rejects when Redis does not answer within 10 s.
 */
export async function openBus(deps: { redisUrl: string | undefined; prefix: string; log: Log }): Promise<Bus> {
  const { redisUrl, prefix, log } = deps;
  return redisUrl === undefined ? createMemoryBus({ log }) : openRedisBus({ url: redisUrl, prefix, log });
}
