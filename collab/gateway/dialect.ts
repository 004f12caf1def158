import { closeCodes, type CloseReason } from '#contract/close-codes.ts';
import { websocketFrame, type Addressing } from './websocket-frame.ts';
import * as wire from './wire.ts';

/** What differs between the two endpoints; the rest of a channel is the same. */
export interface Dialect {
  readonly addressing: Addressing;
  /** The socket serves several documents: a client shows its token by a frame, and may let go of one of them. */
  readonly multiplexed: boolean;
  /** Said once the channel is open. */
  welcome(access: 'read' | 'write'): Uint8Array | undefined;
  /** How a refusal is said without closing the socket; undefined: close it. */
  refusal(reason: CloseReason): Uint8Array | undefined;
  closed(reason: CloseReason): void;
  /** One more update of this channel is in the database; those of one turn are told together. */
  stored(): void;
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

const unaddressed: Addressing = { address: '', prefix: new Uint8Array() };

/** Sends frame bodies to the reader. */
type Send = (bodies: readonly Uint8Array[]) => void;

/** `y-websocket`: no addresses, no acknowledgements unless the client asked with `acks=1`. */
export function createYWebsocketDialect(options: { acks: boolean; send: Send }): Dialect {
  let total = 0;
  const stored = perTurn((count) => {
    total += count;
    options.send([wire.storedCount(total)]);
  });
  return {
    addressing: unaddressed,
    multiplexed: false,
    welcome: () => undefined,
    refusal: () => undefined,
    closed: () => {},
    stored: options.acks ? stored : () => {},
    notStored: () => undefined,
  };
}

const saved = wire.syncStatus(true);

/** `Hocuspocus`: every frame carries the document's address, every update is answered by a SyncStatus. */
export function createHocuspocusDialect(options: {
  address: string;
  send: Send;
  closed: (reason: CloseReason) => void;
}): Dialect {
  return {
    addressing: { address: options.address, prefix: wire.addressPrefix(options.address) },
    multiplexed: true,
    welcome: (access) => wire.authenticated(access === 'read' ? 'readonly' : 'read-write'),
    refusal: (reason) => wire.permissionDenied(String(closeCodes[reason].code)),
    closed: options.closed,
    stored: perTurn((count) => options.send(Array.from({ length: count }, () => saved))),
    notStored: () => wire.syncStatus(false),
  };
}

/** A body as the reader of this dialect wants it, as a whole WebSocket frame. */
export function frameFor(dialect: Dialect, body: Uint8Array): Buffer {
  return websocketFrame(dialect.addressing.prefix, body);
}
