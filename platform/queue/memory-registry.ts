import { type WorkerRegistration, workerGoneAfterMs } from '#contract/run.ts';
import type { WorkerRegistry } from './engine.ts';

/** The workers of one process. */
export function createMemoryRegistry(): WorkerRegistry {
  const workers = new Map<string, WorkerRegistration>();
  return {
    async set(workerId, registration) {
      workers.set(workerId, registration);
    },
    async delete(workerId) {
      workers.delete(workerId);
    },
    async live() {
      const oldest = Date.now() - workerGoneAfterMs;
      return new Map([...workers].filter(([, { heartbeatAt }]) => heartbeatAt >= oldest));
    },
  };
}
