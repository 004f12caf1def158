import type { z } from 'zod';
import type { languagesSchema } from '#contract/api/runs.ts';
import { AppError } from '#contract/errors.ts';
import { workerHeartbeatMs, type WorkerRegistration } from '#contract/run.ts';
import type { Clock } from '#platform/clock.ts';
import type { Log } from '#platform/log.ts';
import type { RunQueue } from '#platform/queue/run-queue.ts';

export type Languages = {
  /** What live workers offer now. */
  list(): Promise<z.infer<typeof languagesSchema>>;
  /** Throws `unsupported-language` for a name nobody knows, `no-worker` for one that has not been offered for a while. */
  require(language: string): Promise<void>;
};

/** Those of the reference worker: known even while no worker has ever been there. */
const knownLanguages: ReadonlySet<string> = new Set(['javascript', 'typescript', 'python', 'java', 'c', 'cpp']);

/** An answer of the queue is good for this long. */
const freshMs = 1_000;
/** So often the queue is asked when nobody else asks, to know when a language was last offered. */
const pollMs = 10_000;
/** A run for a language offered this recently waits: its worker is probably being restarted. */
const offeredWithinMs = 60_000;
/** After this long every worker that lives has been heard of. */
const settledAfterMs = 2 * workerHeartbeatMs;

/** What can be run, as the workers register it in the queue. */
export function openLanguages(deps: {
  queue: RunQueue;
  clock: Clock;
  log: Log;
}): Languages & { close(): Promise<void> } {
  const { queue, clock, log } = deps;
  const startedAt = clock.now();
  const offeredAt = new Map<string, number>();
  let last: { at: number; workers: Promise<WorkerRegistration[] | undefined> } | undefined;

  const ask = async (): Promise<WorkerRegistration[] | undefined> => {
    try {
      const workers = [...(await queue.workers()).values()];
      for (const { languages } of workers) for (const { id } of languages) offeredAt.set(id, clock.now());
      return workers;
    } catch (error) {
      log.warn({ error }, 'cannot tell what can be run');
      return undefined;
    }
  };
  /** The live workers; undefined while the queue is away. */
  const workers = () => {
    if (last === undefined || clock.now() - last.at >= freshMs) last = { at: clock.now(), workers: ask() };
    return last.workers;
  };
  const timer = setInterval(() => void workers(), pollMs).unref();

  return {
    async list() {
      const offers = ((await workers()) ?? []).flatMap(({ languages, isolation, limits = {} }) =>
        languages.map(({ id, version }) => ({ id, version, isolation, limits })),
      );
      // Many workers of one kind are one offer.
      const distinct = new Map(offers.map((offer) => [`${offer.id} ${offer.isolation} ${offer.version}`, offer]));
      return { items: [...distinct].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, offer]) => offer) };
    },

    async require(language) {
      const live = await workers();
      const now = clock.now();
      const offered = offeredAt.get(language);
      if (offered !== undefined && offered > now - offeredWithinMs) return;
      if (offered === undefined && !knownLanguages.has(language))
        throw new AppError('unsupported-language', `Nobody runs ${language} here; see GET /api/compile/languages.`);
      // Nothing is known yet, or nothing can be known: the run waits, and expires if nobody takes it.
      if (live === undefined || now - startedAt < settledAfterMs) return;
      throw new AppError('no-worker', `No worker has offered ${language} for a minute; try again later.`);
    },

    async close() {
      clearInterval(timer);
    },
  };
}
