import type { Log } from '#platform/log.ts';
import { closeRedis, connected, failFast, openRedis } from '#platform/redis.ts';
import type { Bus } from './bus.ts';
import { createBus } from './create-bus.ts';
import type { Link } from './link.ts';

/**
 * The bus over Redis channels `<prefix>:bus:<channel>`. Subscriptions come back by themselves after an outage; what was
 * published meanwhile is lost to other processes. A connection that is silently dead is noticed within two `heartbeatMs`.
 * Rejects when Redis does not answer within `connectWithinMs`.
 */
export async function openRedisBus(deps: {
  url: string;
  prefix: string;
  log: Log;
  heartbeatMs?: number;
  connectWithinMs?: number;
}): Promise<Bus> {
  const { url, prefix, log, heartbeatMs = 5_000, connectWithinMs = 10_000 } = deps;
  const publisher = openRedis(url, { log, name: 'bus-publisher', heartbeatMs, ...failFast });
  const subscriber = openRedis(url, { log, name: 'bus-subscriber', heartbeatMs, maxRetriesPerRequest: null });
  const clients = [publisher, subscriber];
  const close = async () => {
    await Promise.all(clients.map((client) => closeRedis(client)));
  };
  try {
    await Promise.all(clients.map((client) => connected(client, connectWithinMs)));
  } catch (error) {
    await close();
    throw error;
  }

  const root = `${prefix}:bus:`;
  const link: Link = {
    onMessage(receive) {
      subscriber.on('message', (channel: string, text: string) => receive(channel.slice(root.length), text));
    },
    async send(channel, text) {
      await publisher.publish(root + channel, text);
    },
    async listen(channel) {
      await subscriber.subscribe(root + channel);
    },
    async unlisten(channel) {
      if (subscriber.status !== 'end') await subscriber.unsubscribe(root + channel);
    },
    healthy: () => clients.every((client) => client.status === 'ready'),
    close,
  };
  return createBus({ link, log });
}
