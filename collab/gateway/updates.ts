import * as Y from 'yjs';
import { reservedClientIds } from '../log/seed.ts';

/** `deletion`: new, but adds nothing. */
type Verdict = 'malformed' | 'otherEpoch' | 'contained' | 'deletion' | 'new';

/**
 * Judges an update before anything is done with it. Decoding is lazy about counts, so that a frame of a few bytes that
 * claims millions of structs is refused in microseconds, where applying it would stall the process.
 */
export function examineUpdate(document: Y.Doc, epoch: number, update: Uint8Array): Verdict {
  let decoded: ReturnType<typeof Y.decodeUpdate>;
  try {
    decoded = Y.decodeUpdate(update);
  } catch {
    return 'malformed';
  }
  const { structs, ds } = decoded;
  const foreign = (client: number) => client < reservedClientIds && client !== epoch;
  if (structs.some(({ id }) => foreign(id.client)) || [...ds.clients.keys()].some(foreign)) return 'otherEpoch';
  const known = structs.every((struct) => struct instanceof Y.Skip || isKnown(document, struct));
  // The epoch's own client is the server: nobody else can have written anything new under it.
  if (!known && structs.some((struct) => struct.id.client === epoch && !isKnown(document, struct))) return 'malformed';
  if (!known) return 'new';
  return areDeleted(document, ds) ? 'contained' : 'deletion';
}

/** True when a state vector names a reserved client id other than the epoch's: its history belongs to another epoch. */
export function isOtherEpoch(epoch: number, stateVector: Map<number, number>): boolean {
  for (const client of stateVector.keys()) if (client < reservedClientIds && client !== epoch) return true;
  return false;
}

function isKnown(document: Y.Doc, struct: { id: Y.ID; length: number }): boolean {
  return struct.id.clock + struct.length <= Y.getState(document.store, struct.id.client);
}

function areDeleted(document: Y.Doc, { clients }: { clients: Map<number, { clock: number; len: number }[]> }): boolean {
  for (const [client, ranges] of clients) {
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
