import type { CloseReason } from '#contract/close-codes.ts';
import type { Log } from '#platform/log.ts';
import type { Admission } from './admission.ts';
import type { Gateway } from './gateway/gateway.ts';

/** Judging people again who are connected already. */
export interface Rejudge {
  /** How often rights have changed on this node: whoever is being admitted meanwhile is looked up again. */
  changes(): number;
  /** Asks the database again about everybody whom this concerns, and closes the sockets of those whose access has changed. */
  all(concerns: (admission: Admission) => boolean): Promise<void>;
  /** Judges again those whose login session has run out by what was known of it; it may have been renewed. */
  expire(now: number): void;
}

export function createRejudge(deps: {
  gateway: () => Gateway;
  judgeAgain: (admissions: readonly Admission[]) => Promise<Map<Admission, Admission | CloseReason>>;
  log: Log;
}): Rejudge {
  let changes = 0;
  let expiring = false;

  async function all(concerns: (admission: Admission) => boolean): Promise<void> {
    changes += 1;
    const affected = [...deps.gateway().channels()].filter(
      ({ admission }) => admission !== undefined && concerns(admission),
    );
    if (affected.length === 0) return;
    const admissions = affected.map(({ admission }) => admission!);
    try {
      const judgements = await deps.judgeAgain(admissions);
      for (const [index, channel] of affected.entries()) channel.judged(judgements.get(admissions[index]!)!);
    } catch (error) {
      // Nobody keeps a right that can no longer be seen; clients come back when the database does.
      deps.log.error({ error }, 'document sockets could not be judged again');
      for (const channel of affected) channel.close('cannotLoad');
    }
  }

  return {
    changes: () => changes,
    all,
    expire(now) {
      const run = [...deps.gateway().channels()].some(
        ({ admission }) => admission !== undefined && admission.until <= now,
      );
      if (!run || expiring) return;
      expiring = true;
      void all(({ until }) => until <= now).finally(() => {
        expiring = false;
      });
    },
  };
}
