import { Redis, type RedisOptions } from 'ioredis';
import { withDeadline } from './lifecycle.ts';
import type { Log } from './log.ts';

export type RedisClient = Redis;

/** Options of a connection whose commands fail at once, or within 3 s, rather than wait for Redis to come back. */
export const failFast = {
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  commandTimeout: 3_000,
} as const satisfies RedisOptions;

/**
 * Opens one connection, which comes back by itself after an outage. `name` stands in the log and in `CLIENT LIST`. An
 * outage is logged once when it begins and once when it ends, because a client that reconnects would repeat itself. With
 * `heartbeatMs` a connection that is silently dead is noticed and replaced within twice that time; not for one whose
 * commands block for longer.
 */
export function openRedis(
  url: string,
  options: { log: Log; name: string; heartbeatMs?: number } & RedisOptions,
): RedisClient {
  const { log, name, heartbeatMs, ...redisOptions } = options;
  const client = new Redis(url, {
    connectionName: `lectern-${name}`,
    connectTimeout: 5_000,
    retryStrategy: (attempt) => Math.min(50 * 2 ** attempt, 2_000) * (0.75 + Math.random() / 4),
    // A socket that owes an answer for this long is destroyed, and the client reconnects.
    ...(heartbeatMs !== undefined && { socketTimeout: heartbeatMs }),
    ...redisOptions,
  });
  if (heartbeatMs !== undefined) {
    const beat = () => (client.status === 'ready' ? void client.ping().catch(() => undefined) : undefined);
    const heartbeat = setInterval(beat, heartbeatMs).unref();
    client.once('end', () => clearInterval(heartbeat));
  }
  let away = false;
  client.on('error', (error) => log.debug({ connection: name, error }, 'error on a Redis connection'));
  client.on('reconnecting', () => {
    if (!away) log.warn({ connection: name }, 'Redis is away');
    away = true;
  });
  client.on('ready', () => {
    if (away) log.info({ connection: name }, 'Redis is back');
    away = false;
  });
  return client;
}

/** Resolves when the connection can be used. Rejects after `withinMs`, saying what Redis said last. */
export async function connected(client: RedisClient, withinMs: number): Promise<void> {
  if (client.status === 'ready') return;
  let lastError = '';
  const remember = (error: Error) => {
    lastError = `: ${error.message}`;
  };
  const ready = Promise.withResolvers<void>();
  client.on('error', remember);
  client.once('ready', ready.resolve);
  try {
    await withDeadline(ready.promise, withinMs, 'connecting to Redis');
  } catch (error) {
    throw new Error(`Redis does not answer; check REDIS_URL and that the server runs${lastError}`, { cause: error });
  } finally {
    client.off('error', remember);
    client.off('ready', ready.resolve);
  }
}

/**
 * Ends a connection for good: with the replies that are due when Redis answers within a second; while it is away, by
 * failing the commands that wait. Whoever has hopes of reviving it is refused.
 */
export async function closeRedis(client: RedisClient): Promise<void> {
  if (client.status === 'reconnecting') {
    // ioredis would forget such a client together with its waiting commands. After one more attempt it ends in order.
    client.disconnect();
    await client.connect().catch(() => undefined);
  }
  if (client.status === 'ready') await withDeadline(client.quit(), 1_000, 'QUIT').catch(() => undefined);
  client.connect = () => Promise.reject(new Error('Connection is closed.'));
  client.disconnect();
}
