/**
 * Which of my edits are in the server's database. The server says, per socket, how many update frames of that socket are
 * stored (contract §3, frames of type 100), so the page counts the frames that really went out on the socket and compares.
 *
 * Everything typed offline travels in one frame, the answer to the server's question for missing edits. Until that answer
 * has gone out on a new socket, no number of stored frames says anything about edits made before.
 */
export interface Ledger {
  /** There are edits of mine that the database may not have. */
  dirty: boolean;
  /** This socket has carried everything that was missing when it opened. */
  answered: boolean;
  sent: number;
  stored: number;
}

export type LedgerEvent =
  | { type: 'opened' }
  | { type: 'sent'; frame: SentFrame }
  /** An edit of mine; `sent`: it went out on an open socket. */
  | { type: 'edited'; sent: boolean }
  | { type: 'stored'; count: number };

export type SentFrame = 'answer' | 'update';

export const emptyLedger: Ledger = { dirty: false, answered: false, sent: 0, stored: 0 };

export function enter(ledger: Ledger, event: LedgerEvent): Ledger {
  switch (event.type) {
    case 'opened':
      return { ...emptyLedger, dirty: ledger.dirty };
    case 'sent':
      return { ...ledger, sent: ledger.sent + 1, answered: ledger.answered || event.frame === 'answer' };
    case 'edited':
      return { ...ledger, dirty: true, answered: ledger.answered && event.sent };
    case 'stored': {
      const complete = ledger.answered && event.count >= ledger.sent;
      return { ...ledger, stored: event.count, dirty: ledger.dirty && !complete };
    }
  }
}

/** What the page says: see `saved` in the strings. */
export type SavedState = 'saved' | 'saving' | 'unsaved';

/** `storing`: the server says that it stores; `late`: nothing was stored for `lateAfterMs`, whatever anybody says. */
export function savedState(
  ledger: Ledger,
  { connected, storing, late }: { connected: boolean; storing: boolean; late: boolean },
): SavedState {
  if (!ledger.dirty) return 'saved';
  return connected && storing && !late ? 'saving' : 'unsaved';
}

/** A socket may look open for half a minute after the network has gone. The server stores within half a second. */
export const lateAfterMs = 4000;

/**
 * Recognises the frames that the server counts: y-protocols sync (first number 0) of type step 2 (1) or update (2), empty
 * ones included. Both numbers are below 128, so each is one byte.
 */
export function countedFrame(data: unknown): SentFrame | undefined {
  if (!(data instanceof Uint8Array) || data[0] !== 0) return undefined;
  if (data[1] === 1) return 'answer';
  return data[1] === 2 ? 'update' : undefined;
}
