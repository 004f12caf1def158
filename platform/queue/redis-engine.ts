import { type ConnectionOptions, createRedisBackend, type IQueueBackend, withBackend } from 'bullmq';
import type { Log } from '#platform/log.ts';
import { closeRedis, connected, failFast, openRedis, type RedisClient } from '#platform/redis.ts';
import type { Engine } from './engine.ts';
import { createRedisControl } from './redis-control.ts';
import { createRedisRegistry } from './redis-registry.ts';

/** BullMQ on Redis, as the public queue contract says. Rejects when Redis does not answer within `connectWithinMs`. */
export async function openRedisEngine(deps: {
  url: string;
  prefix: string;
  log: Log;
  connectWithinMs?: number;
}): Promise<Engine<ConnectionOptions>> {
  const { url, prefix, log, connectWithinMs = 10_000 } = deps;
  const clients: RedisClient[] = [];
  const open = (name: string, options: typeof failFast | typeof waitForRedis) => {
    const client = openRedis(url, { log, name, ...options });
    clients.push(client);
    return client;
  };
  const commands = open('queue-commands', failFast);
  const loops = open('queue-loops', waitForRedis);
  const close = async () => void (await Promise.all(clients.map((client) => closeRedis(client))));
  try {
    await Promise.all(clients.map((client) => connected(client, connectWithinMs)));
  } catch (error) {
    await close();
    throw error;
  }

  return {
    classes: withBackend<IQueueBackend, ConnectionOptions>(createRedisBackend),
    connections: { commands, loops },
    prefix,
    codec: { encode: (value) => value, decode: (stored) => stored },
    control: createRedisControl({
      commands,
      loops,
      openSubscriber: () => open('queue-control', waitForRedis),
      prefix,
      log,
    }),
    registry: createRedisRegistry({ redis: commands, prefix, log }),
    healthy: () => commands.status === 'ready' && loops.status === 'ready',
    close,
  };
}

/** BullMQ demands this of connections whose commands block. */
const waitForRedis = { maxRetriesPerRequest: null } as const;
