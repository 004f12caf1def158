import type { RunControl } from '#contract/run.ts';
import { type ControlChannel, controlKeptMessages, controlKeptMs } from './engine.ts';

type Run = { messages: RunControl[]; handlers: Set<(control: RunControl) => void>; expiry: NodeJS.Timeout | undefined };

/** Control messages within one thread. */
export function createMemoryControl(): ControlChannel {
  const runs = new Map<string, Run>();

  function runOf(runId: string): Run {
    const run = runs.get(runId) ?? { messages: [], handlers: new Set(), expiry: undefined };
    runs.set(runId, run);
    return run;
  }

  return {
    async send(runId, control) {
      const run = runOf(runId);
      run.messages.push(control);
      if (run.messages.length > controlKeptMessages) run.messages.shift();
      clearTimeout(run.expiry);
      run.expiry = setTimeout(() => runs.delete(runId), controlKeptMs).unref();
      for (const handler of run.handlers) handler(control);
    },

    listen(runId, handler) {
      const run = runOf(runId);
      for (const control of run.messages) handler(control);
      run.handlers.add(handler);
      return () => {
        run.handlers.delete(handler);
        if (run.messages.length === 0 && run.handlers.size === 0 && runs.get(runId) === run) runs.delete(runId);
      };
    },
  };
}
