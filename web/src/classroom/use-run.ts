import { useCallback, useEffect, useState } from 'preact/hooks';
import type { AwarenessRun } from '#contract/awareness.ts';
import type { Run } from '#contract/api/runs.ts';
import { isFinal } from '#contract/run.ts';
import { cancelRun, getRun, startRun } from '../api/documents.ts';
import type { Line } from '../document/line.ts';
import { usePage } from '../page.ts';
import { useStore } from '../store.ts';
import { waitUntil } from './wait-until.ts';

export interface RunView {
  /** The last run of this document, as everybody in it sees it. */
  run: AwarenessRun | undefined;
  /** The same run with all its output, once it has finished. */
  full: Run | undefined;
  sending: boolean;
  error: unknown;
  start(fileId: string, stdin: string): void;
  cancel(): void;
}

/** The server runs what it has, so the last keystrokes get a moment to arrive. */
const arriveWithinMs = 1500;

export function useRun(line: Line, classroomId: string): RunView {
  const { client } = usePage();
  const run = useStore(line.state, (state) => state.server?.run);
  const [full, setFull] = useState<Run>();
  const [sending, setSending] = useState(false);
  const [error, setError] = useState<unknown>();

  const finishedId = run !== undefined && isFinal(run.status) ? run.runId : undefined;
  useEffect(() => {
    if (finishedId === undefined) return undefined;
    let wanted = true;
    getRun(client, finishedId).then(
      (result) => wanted && setFull(result),
      // The end of the output is on the screen already, so a failure here is nothing to trouble a class with.
      () => {},
    );
    return () => {
      wanted = false;
    };
  }, [client, finishedId]);

  useEffect(() => setError(undefined), [line]);

  const start = useCallback(
    (fileId: string, stdin: string) => {
      setError(undefined);
      setSending(true);
      waitUntil(line.state, ({ saved }) => saved === 'saved', arriveWithinMs)
        .then(() => startRun(client, { classroomId, document: line.name, file: fileId, stdin }))
        .catch(setError)
        .finally(() => setSending(false));
    },
    [client, line, classroomId],
  );
  const cancel = useCallback(() => {
    const { server } = line.state.get();
    if (server?.run !== undefined) cancelRun(client, server.run.runId).catch(setError);
  }, [client, line]);

  return { run, full: full?.id === run?.runId ? full : undefined, sending, error, start, cancel };
}
