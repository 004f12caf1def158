import { workerGoneAfterMs, workerRegistrationSchema } from '#contract/run.ts';
import type { Log } from '#platform/log.ts';
import type { RedisClient } from '#platform/redis.ts';
import type { WorkerRegistry } from './engine.ts';

/** A worker that has been silent for this long does not come back under its old id. */
const forgottenAfterMs = 600_000;

/** The hash `<prefix>:workers`: worker id → registration as JSON. Others than us write it, so it is read with care. */
export function createRedisRegistry(deps: { redis: RedisClient; prefix: string; log: Log }): WorkerRegistry {
  const { redis, prefix, log } = deps;
  const key = `${prefix}:workers`;
  const complainedAbout = new Set<string>();

  function read(workerId: string, text: string) {
    try {
      return workerRegistrationSchema.parse(JSON.parse(text));
    } catch (error) {
      if (!complainedAbout.has(workerId)) log.warn({ workerId, error }, 'a worker registered in the wrong shape');
      complainedAbout.add(workerId);
      return undefined;
    }
  }

  return {
    async set(workerId, registration) {
      await redis.hset(key, workerId, JSON.stringify(registration));
    },
    async delete(workerId) {
      await redis.hdel(key, workerId);
    },
    async live() {
      const now = Date.now();
      const all = Object.entries(await redis.hgetall(key)).flatMap(([workerId, text]) => {
        const registration = read(workerId, text);
        return registration === undefined ? [] : [{ workerId, registration, silentMs: now - registration.heartbeatAt }];
      });
      const forgotten = all.filter(({ silentMs }) => silentMs > forgottenAfterMs).map(({ workerId }) => workerId);
      if (forgotten.length > 0) await redis.hdel(key, ...forgotten);
      return new Map(
        all
          .filter(({ silentMs }) => silentMs <= workerGoneAfterMs)
          .map(({ workerId, registration }) => [workerId, registration]),
      );
    },
  };
}
