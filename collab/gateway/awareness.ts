import type { Connection, Document } from '@hocuspocus/server';
import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import { applyAwarenessUpdate } from 'y-protocols/awareness';
import type { AwarenessUser } from '#contract/awareness.ts';
import { limits } from '#contract/limits.ts';

type Entry = { clientId: number; clock: number; state: string };

/** Someone who may hold an awareness id of a document. */
export type AwarenessOwner = {
  readonly sessionId: string;
  /** False once its socket has ended; it is remembered so that the same session can come back to its id. */
  live: boolean;
  readonly replaced: () => void;
};

const maxEntries = 1_000;

/**
 * What one socket may say about presence. Stock clients echo every awareness change they receive, so a frame is mostly
 * about others: only the socket's own id is let through, with the server's idea of who that is. The id is the one of the
 * first frame with a single entry, unless somebody else has it.
 */
export class AwarenessFilter {
  #clientId: number | undefined;
  readonly #owner: AwarenessOwner;
  readonly #owners: Map<number, AwarenessOwner>;

  /** `owners` are the ids taken in the document, shared by its sockets. */
  constructor(owner: AwarenessOwner, owners: Map<number, AwarenessOwner>) {
    this.#owner = owner;
    this.#owners = owners;
  }

  /** The socket has ended. */
  release(): void {
    this.#owner.live = false;
  }

  /**
   * Takes the payload of an awareness frame. Returns false when it is malformed or its state is too large; entries that
   * are not this socket's own are passed over in silence, because honest clients send them too. `mayBeEcho` says that
   * the client has been sent awareness before it sent this.
   */
  receive(
    payload: Uint8Array,
    context: { document: Document; connection: Connection; user: AwarenessUser; mayBeEcho: boolean },
  ): boolean {
    const { document, connection, user } = context;
    const entries = decodeEntries(payload);
    if (entries === undefined) return false;
    if (this.#clientId === undefined && entries.length === 1) this.#claim(entries[0]!, document, context.mayBeEcho);
    const own = entries.find((entry) => entry.clientId === this.#clientId);
    if (own === undefined) return true;
    const state = stamp(own.state, user);
    if (state === undefined) return false;
    const clock = nextClock(own.clock, document, own.clientId, state !== null);
    applyAwarenessUpdate(document.awareness, encodeEntry({ ...own, clock, state: JSON.stringify(state) }), {
      source: 'connection',
      connection,
    });
    return true;
  }

  #claim(entry: Entry, document: Document, mayBeEcho: boolean): void {
    if (entry.clientId === document.awareness.clientID || entry.state === 'null') return;
    const holder = this.#owners.get(entry.clientId);
    const ours = holder?.sessionId === this.#owner.sessionId;
    if (holder?.live === true && !ours) return;
    // An echo never moves the clock on. A repeated clock is somebody who reconnects: believed when the old socket of the
    // same session has gone, or when this client had been sent nothing that it could echo.
    const seen = document.awareness.meta.get(entry.clientId)?.clock ?? -1;
    const returns = ours && !holder.live;
    if (mayBeEcho && !returns && entry.clock <= seen) return;
    // A reconnect overtook the end of the old socket.
    if (holder?.live === true) holder.replaced();
    this.#owners.set(entry.clientId, this.#owner);
    this.#clientId = entry.clientId;
  }
}

/**
 * A client that reconnects repeats its last clock, but its neighbours have seen the removal under that very clock and
 * would ignore it: move on by one.
 */
function nextClock(clock: number, document: Document, clientId: number, present: boolean): number {
  const known = document.awareness.meta.get(clientId)?.clock;
  if (known === undefined || !present || document.awareness.getStates().has(clientId)) return clock;
  return Math.max(clock, known + 1);
}

/** The state with the server's `user` in it; null stays null; undefined when it is no object or too large. */
function stamp(text: string, user: AwarenessUser): Record<string, unknown> | null | undefined {
  if (text.length > limits.awarenessStateBytes) return undefined;
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
  return { ...rest, user };
}

function decodeEntries(payload: Uint8Array): Entry[] | undefined {
  try {
    const decoder = decoding.createDecoder(payload);
    const count = decoding.readVarUint(decoder);
    if (count > maxEntries) return undefined;
    const entries: Entry[] = [];
    for (let index = 0; index < count; index += 1) {
      const clientId = decoding.readVarUint(decoder);
      const clock = decoding.readVarUint(decoder);
      entries.push({ clientId, clock, state: decoding.readVarString(decoder) });
    }
    return entries;
  } catch {
    return undefined;
  }
}

function encodeEntry(entry: Entry): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, 1);
  encoding.writeVarUint(encoder, entry.clientId);
  encoding.writeVarUint(encoder, entry.clock);
  encoding.writeVarString(encoder, entry.state);
  return encoding.toUint8Array(encoder);
}
