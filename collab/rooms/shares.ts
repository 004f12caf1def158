/** New Yjs clients a person may bring into a document: one for each time the page is opened, more from offline copies. */
const clientsAtOnce = 2_000;
const clientEveryMs = 10_000;
const maxRemembered = 10_000;

/**
 * How much of a document each person has made, so that one cannot fill it for all. Counted while this process runs; what
 * the whole document may hold is limited besides.
 */
export interface Shares {
  /** Takes what an update adds. False when that is more than this person may add; then nothing is taken. */
  take(document: string, userId: string, added: { bytes: number; clients: number }, limited: boolean): boolean;
}

export function createShares(deps: { now: () => number; studentAddsBytes: number }): Shares {
  const { now, studentAddsBytes } = deps;
  const shares = new Map<string, { bytes: number; clients: number; at: number }>();

  return {
    take(document, userId, added, limited) {
      const key = `${document} ${userId}`;
      const share = shares.get(key) ?? { bytes: 0, clients: 0, at: now() };
      const clients = Math.max(share.clients - (now() - share.at) / clientEveryMs, 0) + added.clients;
      const bytes = share.bytes + added.bytes;
      if (clients > clientsAtOnce || (limited && bytes > studentAddsBytes)) return false;
      shares.delete(key);
      shares.set(key, { bytes, clients, at: now() });
      if (shares.size > maxRemembered) shares.delete(shares.keys().next().value!);
      return true;
    },
  };
}
