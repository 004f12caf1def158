import * as Y from 'yjs';
import { reservedClientIds } from '../log/seed.ts';

/** How far each Yjs client's history reaches, in memory or on its way there. */
export type Known = (client: number) => number;

/** Yjs client → ranges of its clocks that are deleted. */
export type Deletions = ReadonlyMap<number, readonly { clock: number; len: number }[]>;

/** What an update would do, read from its bytes. Clocks are Yjs clocks. */
export type Examined = {
  /**
   * `contained`: nothing new · `deletion`: new, but adds nothing · `new` · `gap`: it builds on something that is not here
   * yet · `otherEpoch`: it belongs to another life of the document · `malformed`.
   */
  verdict: 'malformed' | 'otherEpoch' | 'contained' | 'deletion' | 'gap' | 'new';
  /** Client → end of its history once this is applied; only clients that add something. */
  ends: ReadonlyMap<number, number>;
  /** All that it deletes, also what is deleted already. */
  deletions: Deletions;
  /** What it adds to a document that merges runs of typing, in bytes; deletions add nothing. */
  addedBytes: number;
};

const refused = (verdict: 'malformed' | 'otherEpoch'): Examined => ({
  verdict,
  ends: new Map(),
  deletions: new Map(),
  addedBytes: 0,
});
/** What a run of its own costs in an encoded document, beside its content. */
const runBytes = 12;

/**
 * Judges an update before anything is done with it. Decoding is lazy about counts, so that a frame of a few bytes that
 * claims millions of structs is refused in microseconds, where applying it would stall the process.
 */
export function examineUpdate(document: Y.Doc, epoch: number, known: Known, update: Uint8Array): Examined {
  let decoded: ReturnType<typeof Y.decodeUpdate>;
  try {
    decoded = Y.decodeUpdate(update);
  } catch {
    return refused('malformed');
  }
  const { structs, ds } = decoded;
  const foreign = (client: number) => client < reservedClientIds && client !== epoch;
  if (structs.some(({ id }) => foreign(id.client)) || [...ds.clients.keys()].some(foreign))
    return refused('otherEpoch');

  const ends = new Map<number, number>();
  let addedBytes = 0;
  let gap = false;
  const reach = (client: number) => ends.get(client) ?? known(client);
  const lacks = (id: Y.ID | null) => id !== null && id.clock >= reach(id.client);
  const later: Y.ID[] = [];
  for (const struct of structs) {
    if (struct instanceof Y.Skip) continue;
    const { client, clock } = struct.id;
    const end = clock + struct.length;
    if (end <= known(client)) continue;
    // The epoch's own client is the server: nobody else can have written anything new under it.
    if (client === epoch) return refused('malformed');
    if (clock > reach(client)) gap = true;
    ends.set(client, end);
    if (!(struct instanceof Y.Item)) continue;
    for (const id of [struct.origin, struct.rightOrigin, struct.parent]) {
      // Clients stand in an order of their own in an update: what one lacks may follow.
      if (id instanceof Y.ID && lacks(id)) later.push(id);
    }
    addedBytes += contentBytes(struct);
    if (!continues(struct)) addedBytes += runBytes;
  }
  gap ||= later.some(lacks);
  for (const [client, ranges] of ds.clients) {
    if (gap) break;
    gap = ranges.some(({ clock, len }) => clock + len > reach(client));
  }
  const deletions: Deletions = ds.clients;
  if (gap) return { verdict: 'gap', ends, deletions, addedBytes };
  if (ends.size > 0) return { verdict: 'new', ends, deletions, addedBytes };
  return { verdict: areDeleted(document, deletions) ? 'contained' : 'deletion', ends, deletions, addedBytes };
}

/** True when a state vector names a reserved client id other than the epoch's: its history belongs to another epoch. */
export function isOtherEpoch(epoch: number, stateVector: Map<number, number>): boolean {
  for (const client of stateVector.keys()) if (client < reservedClientIds && client !== epoch) return true;
  return false;
}

/** Typing on: Yjs joins such a piece to the one before it. */
function continues({ id, origin }: Y.Item): boolean {
  return origin !== null && origin.client === id.client && origin.clock === id.clock - 1;
}

function contentBytes({ content }: Y.Item): number {
  if (content instanceof Y.ContentString) return Buffer.byteLength(content.str);
  if (content instanceof Y.ContentBinary) return content.content.byteLength;
  if (content instanceof Y.ContentAny || content instanceof Y.ContentJSON) return JSON.stringify(content.arr).length;
  if (content instanceof Y.ContentEmbed) return JSON.stringify(content.embed).length;
  if (content instanceof Y.ContentFormat) return content.key.length + (JSON.stringify(content.value) ?? '').length;
  return 0;
}

function areDeleted(document: Y.Doc, deletions: Deletions): boolean {
  for (const [client, ranges] of deletions) {
    const structs = document.store.clients.get(client);
    if (structs === undefined) return false;
    const end = Y.getState(document.store, client);
    for (const { clock, len } of ranges) {
      if (clock + len > end) return false;
      for (let index = Y.findIndexSS(structs, clock); index < structs.length; index += 1) {
        const struct = structs[index]!;
        if (struct.id.clock >= clock + len) break;
        if (!struct.deleted) return false;
      }
    }
  }
  return true;
}
