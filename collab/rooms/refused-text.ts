import type { Deletions } from '../gateway/updates.ts';

/** Remembered of one person in one document; beyond it, whatever they bring back counts as refused. */
const maxRemembered = 1_000;
const maxDocuments = 5_000;
const maxPeople = 1_000;

type Refused = {
  /** Yjs client → the first of its clocks that was refused. */
  clients: Map<number, number>;
  deletions: { client: number; clock: number; end: number }[];
};

/**
 * What readers have written in vain. Their Y.Docs hold it still, and would bring it along when they come back as writers,
 * on another socket or after the network was away. It is known by the person, and by the Yjs client that typed it or the
 * range that was deleted; so nobody's text is refused for what somebody else did.
 */
export interface RefusedText {
  /** An update of this person was refused. `ends`: Yjs client → how far it would have reached. */
  add(document: string, userId: string, ends: ReadonlyMap<number, number>, deletions: Deletions): void;
  /**
   * True when an update of this person holds what was refused before: its sender must start afresh. `first`: it answers
   * the server's question what the client has, where deletions of long ago come up again. What it says true of about
   * deletions is forgotten: who starts afresh may delete the same, and that counts.
   */
  isIn(
    document: string,
    userId: string,
    update: { ends: ReadonlyMap<number, number>; deletions: Deletions; first: boolean },
  ): boolean;
}

export function createRefusedText(): RefusedText {
  const documents = new Map<string, Map<string, Refused>>();

  return {
    add(document, userId, ends, deletions) {
      const people = documents.get(document) ?? new Map<string, Refused>();
      const refused = people.get(userId) ?? { clients: new Map<number, number>(), deletions: [] };
      keepLast(documents, document, people, maxDocuments);
      keepLast(people, userId, refused, maxPeople);
      for (const [client, end] of ends) keepLast(refused.clients, client, end, maxRemembered);
      for (const [client, ranges] of deletions) {
        for (const { clock, len } of ranges) {
          if (refused.deletions.length < maxRemembered) refused.deletions.push({ client, clock, end: clock + len });
        }
      }
    },
    isIn(document, userId, { ends, deletions, first }) {
      const refused = documents.get(document)?.get(userId);
      if (refused === undefined) return false;
      for (const client of ends.keys()) if (refused.clients.has(client)) return true;
      if (!first || !overlaps(refused.deletions, deletions)) return false;
      refused.deletions = [];
      return true;
    },
  };
}

function overlaps(refused: Refused['deletions'], deletions: Deletions): boolean {
  return refused.some(({ client, clock, end }) =>
    deletions.get(client)?.some((range) => range.clock < end && clock < range.clock + range.len),
  );
}

/** The oldest goes when there are too many. */
function keepLast<K, V>(map: Map<K, V>, key: K, value: V, most: number): void {
  map.delete(key);
  map.set(key, value);
  if (map.size > most) map.delete(map.keys().next().value!);
}
