import { type ConnectionOptions, createRedisBackend, type IQueueBackend, withBackend } from 'bullmq';
import type { Log } from '#platform/log.ts';
import { closeRedis, connected, failFast, openRedis, type RedisClient } from '#platform/redis.ts';
import type { Engine } from './engine.ts';
import { createRedisControl } from './redis-control.ts';
import { createRedisRegistry } from './redis-registry.ts';

const heartbeatMs = 5_000;

/** BullMQ demands the first of connections whose commands block; it lets them block for 10 s at most. */
const forLoops = { maxRetriesPerRequest: null, socketTimeout: 15_000 } as const;

/** BullMQ on Redis, as the public queue contract says. Rejects when Redis does not answer within `connectWithinMs`. */
export async function openRedisEngine(deps: {
  url: string;
  prefix: string;
  log: Log;
  connectWithinMs?: number;
}): Promise<Engine<ConnectionOptions>> {
  const { url, prefix, log, connectWithinMs = 10_000 } = deps;
  const clients = new Set<RedisClient>();
  const keep = (client: RedisClient) => {
    clients.add(client);
    return client;
  };
  const open = (options: Omit<Parameters<typeof openRedis>[1], 'log'>) => keep(openRedis(url, { log, ...options }));
  const commands = open({ name: 'queue-commands', heartbeatMs, ...failFast });
  const loops = open({ name: 'queue-loops', ...forLoops });
  // BullMQ makes one for each loop, and in an outage does not always let go of it.
  const duplicate = loops.duplicate.bind(loops);
  loops.duplicate = (options) => keep(duplicate(options).on('error', () => undefined));
  const openSubscriber = () => open({ name: 'queue-control', heartbeatMs, maxRetriesPerRequest: null });
  const close = async () => void (await Promise.all([...clients].map((client) => closeRedis(client))));
  try {
    await Promise.all([...clients].map((client) => connected(client, connectWithinMs)));
  } catch (error) {
    await close();
    throw error;
  }

  return {
    classes: withBackend<IQueueBackend, ConnectionOptions>(createRedisBackend),
    connections: { commands, loops },
    prefix,
    // With the two checks that follow, a dead worker is noticed in about 8 s.
    lockMs: 5_000,
    // BullMQ's watchdogs add a second: that long it takes its loops to go on after an outage, or to end during one.
    waitSeconds: 2,
    codec: { encode: (value) => value, decode: (stored) => stored },
    control: createRedisControl({ commands, loops, openSubscriber, prefix, log }),
    registry: createRedisRegistry({ redis: commands, prefix, log }),
    healthy: () => commands.status === 'ready' && loops.status === 'ready',
    close,
  };
}
