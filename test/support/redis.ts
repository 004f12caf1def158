import { randomBytes } from 'node:crypto';
import { openRedis, type RedisClient } from '#platform/redis.ts';
import { testLog } from './databases.ts';
import { openTcpProxy, type TcpProxy } from './tcp-proxy.ts';

/** The Redis that tests may use; empty when they may not. */
export const redisUrl = process.env.TEST_REDIS_URL ?? '';

/** For `test(…, { skip: skipRedis }, …)`. */
export const skipRedis = redisUrl === '' && 'set TEST_REDIS_URL to run this on Redis';

/** A prefix that nobody else uses, in braces as configuration demands it. */
export const newPrefix = (): string => `{lectern-test-${randomBytes(4).toString('hex')}}`;

/** A plain connection, to look at what is there. To be disconnected. */
export const openPlainRedis = (): RedisClient => openRedis(redisUrl, { log: testLog, name: 'test' });

/** Takes away all that was written under a prefix. */
export async function removeKeys(prefix: string): Promise<void> {
  const redis = openPlainRedis();
  for await (const keys of redis.scanStream({ match: `${prefix}*`, count: 1_000 }) as AsyncIterable<string[]>)
    if (keys.length > 0) await redis.unlink(...keys);
  redis.disconnect();
}

/** A way to the same Redis that can be cut. */
export async function openRedisProxy(): Promise<TcpProxy & { url: string }> {
  const target = new URL(redisUrl);
  const proxy = await openTcpProxy({ host: target.hostname, port: Number(target.port || 6379) });
  const url = new URL(redisUrl);
  url.host = `127.0.0.1:${proxy.port}`;
  return Object.assign(proxy, { url: url.href });
}
