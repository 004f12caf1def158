import { type RunControl, runControlSchema } from '#contract/run.ts';
import type { Log } from '#platform/log.ts';
import type { RedisClient } from '#platform/redis.ts';
import { type ControlChannel, controlKeptMessages, controlKeptMs } from './engine.ts';

type Reading = { runId: string; lastId: string; handler: (control: RunControl) => void; reads: Promise<void> };

/**
 * Control messages on the Redis stream `<prefix>:run:<id>:in`, whose fields are those of the message: `type` is `stdin`,
 * `eof` or `cancel`, and `d` the text for `stdin`. A foreign worker may read it with a blocking XREAD. Ours are told by
 * the channel `<prefix>:run:in` which run has something new, so that one connection serves all runs.
 */
export function createRedisControl(deps: {
  commands: RedisClient;
  loops: RedisClient;
  openSubscriber: () => RedisClient;
  prefix: string;
  log: Log;
}): ControlChannel {
  const { commands, loops, openSubscriber, prefix, log } = deps;
  const streamOf = (runId: string) => `${prefix}:run:${runId}:in`;
  const news = `${prefix}:run:in`;
  const readings = new Set<Reading>();
  let subscriber: RedisClient | undefined;

  function subscribe(): RedisClient {
    const opened = openSubscriber();
    opened.on('message', (_channel: string, runId: string) => {
      for (const reading of readings) if (reading.runId === runId) read(reading);
    });
    // What was said while the connection was away is in the streams.
    opened.on('ready', () => {
      opened.subscribe(news).then(
        () => readings.forEach(read),
        (error: unknown) => log.debug({ error }, 'could not subscribe to control messages'),
      );
    });
    return opened;
  }

  /** Reads on from the last message; one read at a time for each run, so that order holds. */
  function read(reading: Reading): void {
    reading.reads = reading.reads
      .then(() => readOn(reading))
      .catch((error: unknown) => log.warn({ runId: reading.runId, error }, 'could not read control messages'));
  }

  async function readOn(reading: Reading): Promise<void> {
    const found = await loops.xread('STREAMS', streamOf(reading.runId), reading.lastId);
    for (const [id, fields] of found?.[0]?.[1] ?? []) {
      if (!readings.has(reading)) return;
      reading.lastId = id;
      const pairs = Array.from({ length: fields.length / 2 }, (_, index) => fields.slice(index * 2, index * 2 + 2));
      const control = runControlSchema.safeParse(Object.fromEntries(pairs));
      if (control.success) reading.handler(control.data);
      else log.warn({ runId: reading.runId }, 'dropped a control message of the wrong shape');
    }
  }

  return {
    async send(runId, control) {
      const stream = streamOf(runId);
      const results = await commands
        .multi()
        .xadd(stream, 'MAXLEN', '~', controlKeptMessages, '*', ...Object.entries(control).flat())
        .pexpire(stream, controlKeptMs)
        .publish(news, runId)
        .exec();
      const failure = results?.find(([error]) => error !== null)?.[0];
      if (failure) throw failure;
    },

    listen(runId, handler) {
      subscriber ??= subscribe();
      const reading: Reading = { runId, lastId: '0', handler, reads: Promise.resolve() };
      readings.add(reading);
      read(reading);
      return () => readings.delete(reading);
    },
  };
}
