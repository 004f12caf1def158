import type { JobState } from '#platform/queue/run-queue.ts';
import type { Bridge } from './bridge.ts';
import { reconcile } from './news.ts';
import { type LiveRun, liveRuns } from './store.ts';
import { end, offer } from './turns.ts';

/*
 * Everything that time decides is decided here, from what is stored: no timer per run has to survive a restart, and a
 * lost message, a queue that was away and a bridge that died are all made up for by the next pass.
 */

/** Looks through all runs that have not ended. Throws the first failure, after all of them have had their turn. */
export async function sweep(bridge: Bridge): Promise<void> {
  const runs = await liveRuns(bridge.db);
  const live = new Set(runs.map((run) => run.id));
  for (const id of bridge.inQueue.keys()) if (!live.has(id)) bridge.inQueue.delete(id);
  const failures: unknown[] = [];
  const attempt = (work: () => Promise<unknown>) => work().catch((error: unknown) => failures.push(error));
  for (const language of new Set(runs.map((run) => run.language))) await attempt(() => bridge.follow(language));
  const heads = headsOf(runs);
  // One after the other, so that those who have waited longest come into the queue first.
  for (const run of runs) {
    const step = stepFor(bridge, run, heads.has(run.id));
    if (step !== undefined) await attempt(() => bridge.serial.run(run.id, () => step(bridge, run)));
  }
  if (failures.length > 0) throw failures[0];
}

function headsOf(runs: readonly LiveRun[]): Set<string> {
  const heads = new Map<string, LiveRun>();
  for (const run of runs) {
    const line = `${run.classroom_id} ${run.user_id}`;
    const head = heads.get(line);
    if (head === undefined || run.seq < head.seq) heads.set(line, run);
  }
  return new Set([...heads.values()].map((run) => run.id));
}

type Step = (bridge: Bridge, run: LiveRun) => Promise<unknown>;

/** What this run needs now, if anything. */
function stepFor({ clock, config, inQueue }: Bridge, run: LiveRun, isHead: boolean): Step | undefined {
  const now = clock.now();
  if (run.cancel_requested_at !== null) return cancel;
  if (run.status === 'queued' && run.deadline <= now) return expire;
  if (run.started_at !== null && run.started_at + config.activeMs <= now) return giveUp;
  const seenAt = inQueue.get(run.id);
  const mayBeInQueue = isHead || run.status !== 'queued';
  return mayBeInQueue && (seenAt === undefined || seenAt + config.recheckMs <= now) ? look : undefined;
}

/** The queue may have lost the run (it was emptied) or its news (we were away). */
async function look(bridge: Bridge, run: LiveRun): Promise<void> {
  if ((await reconcile(bridge, run)) !== 'absent') return;
  if (run.status === 'queued') await offer(bridge, run);
  else await end(bridge, run, { status: 'lost' });
}

/** Ends a run that nobody has taken in time. */
async function expire(bridge: Bridge, run: LiveRun): Promise<void> {
  // A queue that is away cannot tell: then the deadline in the job keeps workers from running it later.
  const state = await takeOut(bridge, run).catch(() => 'absent' as const);
  if (state === 'absent') await end(bridge, run, { status: 'expired' }, ['queued']);
}

/** Ends a run whose worker should have answered long ago. */
async function giveUp(bridge: Bridge, run: LiveRun): Promise<void> {
  const state = await reconcile(bridge, run).catch(() => 'absent' as const);
  if (state === 'completed' || state === 'failed') return;
  await end(bridge, run, { status: 'lost' });
  await tellWorker(bridge, run);
}

/**
 * Takes a cancelled run out of the queue, or asks its worker to stop; when nothing has come back after a grace, ends it
 * all the same.
 */
export async function cancel(bridge: Bridge, run: LiveRun): Promise<void> {
  if (run.status === 'queued') {
    const state = await takeOut(bridge, run).catch(() => 'waiting' as const);
    if (state === 'absent') await end(bridge, run, { status: 'cancelled' });
    if (state === 'absent' || state === 'completed' || state === 'failed') return;
  }
  const graceEnds = (run.cancel_requested_at ?? bridge.clock.now()) + bridge.config.cancelGraceMs;
  if (graceEnds <= bridge.clock.now()) await end(bridge, run, { status: 'cancelled' });
  await tellWorker(bridge, run);
}

/** Where the run is in the queue once it has been taken out if it could be: `absent` means no worker will have it. */
async function takeOut(bridge: Bridge, run: LiveRun): Promise<JobState> {
  const removed = await bridge.ask((queue) => queue.remove(run.language, run.id));
  return removed ? 'absent' : reconcile(bridge, run);
}

function tellWorker(bridge: Bridge, run: LiveRun): Promise<void> {
  return bridge.ask((queue) => queue.control(run.id, { type: 'cancel' }));
}
