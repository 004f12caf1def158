import { closeCodes, type CloseReason } from '#contract/close-codes.ts';
import * as wire from './wire.ts';

/** What differs between the two endpoints; the rest of a channel is the same. Frames are whole, bodies start at the type. */
export interface Dialect {
  frame(body: Uint8Array): Uint8Array;
  /** A frame of Hocuspocus and its body, as this endpoint wants it. */
  fromEngine(frame: Uint8Array, body: Uint8Array): Uint8Array;
  readonly wantsAuthenticated: boolean;
  /** How a refusal is said without closing the socket; undefined: close it. */
  refusal(reason: CloseReason): Uint8Array | undefined;
  closed(reason: CloseReason): void;
  /** One more update of this channel is in the database; `send` gets the frames of all that came in one turn. */
  stored(send: (frames: Uint8Array[]) => void): void;
  /** An update was not taken. */
  notStored(): Uint8Array | undefined;
}

/** Calls `flush` once per turn with how often it was asked. */
function perTurn(flush: (count: number) => void): () => void {
  let count = 0;
  return () => {
    count += 1;
    if (count > 1) return;
    setImmediate(() => {
      const times = count;
      count = 0;
      flush(times);
    });
  };
}

/** `y-websocket`: no addresses, no acknowledgements unless the client asked with `acks=1`. */
export function createYWebsocketDialect(options: { acks: boolean }): Dialect {
  let total = 0;
  let sendFrames: (frames: Uint8Array[]) => void = () => {};
  const one = perTurn((count) => {
    total += count;
    sendFrames([wire.storedCount(total)]);
  });
  return {
    frame: (body) => body,
    fromEngine: (_frame, body) => body,
    wantsAuthenticated: false,
    refusal: () => undefined,
    closed: () => {},
    stored(send) {
      if (!options.acks) return;
      sendFrames = send;
      one();
    },
    notStored: () => undefined,
  };
}

/** `Hocuspocus`: every frame carries the document's address, every update is answered by a SyncStatus. */
export function createHocuspocusDialect(options: {
  address: string;
  document: string;
  closed: (reason: CloseReason) => void;
}): Dialect {
  const prefix = wire.addressPrefix(options.address);
  const frame = (body: Uint8Array) => wire.concat(prefix, body);
  const saved = frame(wire.syncStatus(true));
  let sendFrames: (frames: Uint8Array[]) => void = () => {};
  const one = perTurn((count) => sendFrames(Array.from({ length: count }, () => saved)));
  return {
    frame,
    fromEngine: (whole, body) => (options.address === options.document ? whole : frame(body)),
    wantsAuthenticated: true,
    refusal: (reason) => frame(wire.permissionDenied(String(closeCodes[reason].code))),
    closed: options.closed,
    stored(send) {
      sendFrames = send;
      one();
    },
    notStored: () => frame(wire.syncStatus(false)),
  };
}
