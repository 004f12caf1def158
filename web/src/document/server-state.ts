import { serverAwarenessSchema, type AwarenessRun, type ServerAwareness } from '#contract/awareness.ts';
import type { Mode } from '#contract/roles.ts';

/** What the server says in a document's awareness, put together from all nodes that hold the document. */
export interface ServerState {
  mode: Mode;
  /** False while typing is only in the journal (or nowhere), not yet in the database. */
  storing: boolean;
  /** False while no node can take edits: its journal is full. */
  accepting: boolean;
  run: AwarenessRun | undefined;
}

export function readServerState(states: Iterable<unknown>): ServerState | undefined {
  const found: ServerAwareness[] = [];
  for (const state of states) {
    const parsed = serverAwarenessSchema.safeParse(state);
    if (parsed.success) found.push(parsed.data);
  }
  if (found.length === 0) return undefined;
  const latest = found.reduce((best, next) => ((next.run?.seq ?? -1) > (best.run?.seq ?? -1) ? next : best));
  return {
    mode: latest.mode,
    storing: found.every(({ log }) => log === 'ok'),
    accepting: found.some(({ log }) => log !== 'full'),
    run: latest.run,
  };
}
