import { AppError } from '#contract/errors.ts';
import type { RunJob, RunStatus } from '#contract/run.ts';
import { announce } from './announce.ts';
import type { Bridge } from './bridge.ts';
import { jobOf } from './job.ts';
import { type Ending, headOf, type LiveRun, type Person, storeEnding, waitingRun } from './store.ts';

/*
 * Whose turn it is. Only the head of a person's line, the oldest run that has not ended, is ever in the queue; when it
 * ends the next one goes to the end of the queue. So the queue itself, first in first out, is fair across people. The
 * rule needs no memory and no lock: several bridges come to the same head, and adding it twice adds it once.
 */

/** Brings the head of this person's line into the queue, unless it is there. */
export async function advance(bridge: Bridge, person: Person): Promise<void> {
  const head = await headOf(bridge.db, person);
  if (head === undefined || head.status !== 'queued' || bridge.inQueue.has(head.id)) return;
  await bridge.serial.run(head.id, () => offer(bridge, head));
}

/** Adds a waiting run to the queue. Throws when the queue is away: the run stays stored and the sweep comes back to it. */
export async function offer(bridge: Bridge, run: LiveRun): Promise<void> {
  // Read again inside the run's own order: it may have been cancelled or ended since it was found.
  const row = await waitingRun(bridge.db, run.id);
  if (row === undefined || row.cancel_requested_at !== null || row.deadline <= bridge.clock.now()) return;
  const job = jobOf(row);
  await bridge.follow(run.language);
  if (job === undefined || !(await add(bridge, job))) {
    bridge.log.warn({ runId: run.id, language: run.language }, 'a run does not fit the queue contract');
    await end(bridge, run, { status: 'rejected' });
  } else bridge.inQueue.set(run.id, bridge.clock.now());
}

/** False when the job is too large for the queue: in JSON a control character takes six bytes. */
async function add(bridge: Bridge, job: RunJob): Promise<boolean> {
  try {
    await bridge.ask((queue) => queue.add(job));
    return true;
  } catch (error) {
    if (error instanceof AppError && error.code === 'source-too-large') return false;
    throw error;
  }
}

/**
 * Ends a run, once: what comes later, from a slow worker or another bridge, changes nothing and is told to nobody. Then
 * it is the next one's turn.
 */
export async function end(bridge: Bridge, run: LiveRun, ending: Ending, from?: readonly RunStatus[]): Promise<boolean> {
  const stored = await storeEnding(bridge.db, run.id, ending, bridge.clock.now(), from);
  if (!stored) return false;
  bridge.inQueue.delete(run.id);
  bridge.log.info({ runId: run.id, language: run.language, status: ending.status }, 'run ended');
  bridge.begin('announcing a run', () => announce(bridge, run.id, ending.status, outputOf(ending)));
  bridge.begin('taking the next run', () => advance(bridge, run));
  return true;
}

function outputOf({ stdout = '', stderr = '', compile }: Ending): string {
  if (stdout !== '' || stderr !== '' || compile == null) return stdout + stderr;
  return (JSON.parse(compile) as { output: string }).output;
}
