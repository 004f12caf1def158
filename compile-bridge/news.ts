import type { RunProgress } from '#contract/run.ts';
import type { JobState, Settled } from '#platform/queue/run-queue.ts';
import { announce } from './announce.ts';
import type { Bridge } from './bridge.ts';
import { outcomeOf } from './outcome.ts';
import { type LiveRun, liveRun, storeProgress } from './store.ts';
import { end } from './turns.ts';

/** Workers may leave the stages out; these languages have one before running. */
const compiled: ReadonlySet<string> = new Set(['typescript', 'java', 'c', 'cpp']);

/** A worker has taken the run. */
export function taken(bridge: Bridge, run: { id: string; language: string }): Promise<void> {
  return progressed(bridge, run.id, compiled.has(run.language) ? 'compiling' : 'running');
}

/** A worker has come to this stage. Stages only go forward. */
export async function progressed(bridge: Bridge, id: string, status: RunProgress['status']): Promise<void> {
  if (!(await storeProgress(bridge.db, id, status, bridge.clock.now()))) return;
  bridge.inQueue.set(id, bridge.clock.now());
  await announce(bridge, id, status);
}

/** The job has ended; so does the run, unless it has ended by other means. */
export async function settled(bridge: Bridge, news: Settled): Promise<void> {
  const run = await liveRun(bridge.db, news.runId);
  if (run === undefined) return;
  const { ending, problem } = outcomeOf(news, bridge.clock.now());
  if (problem !== undefined) bridge.log.warn({ runId: run.id, language: run.language, problem }, 'a worker failed');
  await end(bridge, run, ending);
}

/**
 * Asks the queue how the run stands and brings the row up to that. Resolves to what the queue said; throws when it does
 * not answer.
 */
export async function reconcile(bridge: Bridge, run: LiveRun): Promise<JobState> {
  const answer = await bridge.ask((queue) => queue.state(run.language, run.id));
  const { state, value, reason = 'unknown' } = answer;
  const job = { runId: run.id, language: run.language };
  if (state === 'active') await taken(bridge, run);
  if (state === 'completed') await settled(bridge, { ...job, outcome: 'completed', value });
  if (state === 'failed') await settled(bridge, { ...job, outcome: 'failed', reason });
  if (state !== 'absent') bridge.inQueue.set(run.id, bridge.clock.now());
  return state;
}
