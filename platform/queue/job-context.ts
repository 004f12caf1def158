import type { RunControl, RunProgress } from '#contract/run.ts';
import type { AbortReason, JobContext } from './run-queue.ts';

export interface SteeredJob {
  readonly context: JobContext;
  /** Passes a control message to the handler; `cancel` aborts as well. */
  steer(control: RunControl): void;
  abort(reason: AbortReason): void;
}

/** A job's context together with the far end of it. */
export function createJobContext(progress: (progress: RunProgress) => Promise<void>): SteeredJob {
  const aborting = new AbortController();
  const handlers: ((control: RunControl) => void)[] = [];
  const early: RunControl[] = [];

  return {
    context: {
      signal: aborting.signal,
      progress,
      onControl(handler) {
        handlers.push(handler);
        for (const control of early.splice(0)) handler(control);
      },
    },
    steer(control) {
      if (handlers.length === 0) early.push(control);
      for (const handler of handlers) handler(control);
      if (control.type === 'cancel') aborting.abort('cancel' satisfies AbortReason);
    },
    abort: (reason) => aborting.abort(reason),
  };
}
