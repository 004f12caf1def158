import * as decoding from 'lib0/decoding';
import type { AwarenessUser } from '#contract/awareness.ts';
import type { EntryOwner, RoomAwareness } from '../rooms/awareness.ts';

/** Someone who holds, or held, an awareness id of a document. */
export type AwarenessOwner = {
  readonly userId: string;
  readonly sessionId: string;
  /** False once its socket has ended; it is remembered so that the same person can come back to the id, and nobody else. */
  live: boolean;
  readonly replaced: () => void;
};

const maxEntries = 1_000;
const maxOwners = 10_000;
/** Far more than any client counts to, and far from where numbers end. */
const maxClock = 2 ** 48;

/**
 * What one socket may say about presence. Stock clients echo every awareness change they receive, so a frame is mostly
 * about others: only the socket's own id is let through, with the server's idea of who that is. The id is the one of the
 * first frame with a single entry, unless somebody else has it.
 */
export class AwarenessFilter {
  #clientId: number | undefined;
  readonly #owner: AwarenessOwner;
  readonly #user: AwarenessUser;
  readonly #reader: EntryOwner;
  readonly #owners: Map<number, AwarenessOwner>;
  readonly #awareness: RoomAwareness;
  readonly #maxStateBytes: number;

  constructor(deps: {
    owner: AwarenessOwner;
    user: AwarenessUser;
    /** Who the entry is entered for. */
    reader: EntryOwner;
    /** The ids taken in the document, shared by its sockets. */
    owners: Map<number, AwarenessOwner>;
    awareness: RoomAwareness;
    maxStateBytes: number;
  }) {
    this.#owner = deps.owner;
    this.#user = deps.user;
    this.#reader = deps.reader;
    this.#owners = deps.owners;
    this.#awareness = deps.awareness;
    this.#maxStateBytes = deps.maxStateBytes;
  }

  /** The socket has ended, and what it said about itself goes. */
  release(): void {
    this.#owner.live = false;
    if (this.#clientId !== undefined) this.#awareness.remove(this.#clientId, this.#reader);
  }

  /**
   * Takes the payload of an awareness frame. Returns false when it is malformed or its state is too large; entries that
   * are not this socket's own are passed over in silence, because honest clients send them too. `mayBeEcho` says that
   * the client has been sent awareness before it sent this. Throws when the payload ends too early.
   */
  receive(payload: Uint8Array, mayBeEcho: boolean): boolean {
    const decoder = decoding.createDecoder(payload);
    const count = decoding.readVarUint(decoder);
    if (count > maxEntries) return false;
    for (let index = 0; index < count; index += 1) {
      const clientId = decoding.readVarUint(decoder);
      const clock = decoding.readVarUint(decoder);
      // The state of others is not even decoded: it is nearly all that arrives.
      const state = decoding.readVarUint8Array(decoder);
      if (clientId > Number.MAX_SAFE_INTEGER || clock > maxClock) return false;
      if (this.#clientId === undefined && count === 1) this.#claim({ clientId, clock, state }, mayBeEcho);
      if (clientId === this.#clientId && !this.#say(clock, state)) return false;
    }
    return true;
  }

  #say(clock: number, encoded: Uint8Array): boolean {
    if (encoded.length > this.#maxStateBytes) return false;
    const state = stamp(Buffer.from(encoded.buffer, encoded.byteOffset, encoded.byteLength).toString(), this.#user);
    if (state === undefined) return false;
    this.#awareness.set(this.#clientId!, clock, state, this.#reader);
    return true;
  }

  #claim(entry: { clientId: number; clock: number; state: Uint8Array }, mayBeEcho: boolean): void {
    const { clientId } = entry;
    if (clientId === this.#awareness.serverId || isNull(entry.state)) return;
    const holder = this.#owners.get(clientId);
    if (holder !== undefined && holder.userId !== this.#owner.userId) return;
    const ours = holder?.sessionId === this.#owner.sessionId;
    if (holder?.live === true && !ours) return;
    // An echo never moves the clock on. A repeated clock is somebody who reconnects: believed when the old socket of the
    // same session has gone, or when this client had been sent nothing that it could echo.
    const returns = ours && !holder.live;
    if (mayBeEcho && !returns && entry.clock <= this.#awareness.clockOf(clientId)) return;
    // A reconnect overtook the end of the old socket.
    if (holder?.live === true) holder.replaced();
    this.#owners.delete(clientId);
    this.#owners.set(clientId, this.#owner);
    if (this.#owners.size > maxOwners) this.#owners.delete(this.#owners.keys().next().value!);
    this.#clientId = clientId;
  }
}

const nullText = Buffer.from('null');
const isNull = (state: Uint8Array) => nullText.equals(state);

/** The state as JSON with the server's `user` in it; null stays null; undefined when it is no object. */
function stamp(text: string, user: AwarenessUser): string | null | undefined {
  let state: unknown;
  try {
    state = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (state === null) return null;
  if (typeof state !== 'object' || Array.isArray(state)) return undefined;
  // `kind` marks the server's own state, so nobody else carries it.
  const { kind: _kind, ['__proto__']: _proto, ...rest } = state as Record<string, unknown>;
  return JSON.stringify({ ...rest, user });
}
