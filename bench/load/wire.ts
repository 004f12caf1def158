import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import type { DialectName } from '../messages.ts';

/**
 * The frames of both kinds of client, as bodies. Hocuspocus puts `varString(document)` before each and wants a token
 * first; the rest is the same.
 */
export const messageType = { sync: 0, awareness: 1, auth: 2, syncReply: 4, syncStatus: 8, stored: 100 } as const;
export const syncType = { step1: 0, step2: 1, update: 2 } as const;

export type Wire = {
  readonly dialect: DialectName;
  /** Where the type stands in a frame from the server. */
  readonly offset: number;
  /** What opens a document; undefined when the address has said all. */
  token(token: string): Uint8Array | undefined;
  step1(): Uint8Array;
  update(update: Uint8Array): Uint8Array;
  awareness(clientId: number, clock: number, state: string): Uint8Array;
};

/** The frames for one document. */
export function createWire(dialect: DialectName, document: string): Wire {
  const prefix = (encoder: encoding.Encoder) => {
    if (dialect === 'hocuspocus') encoding.writeVarString(encoder, document);
  };
  const frame = (write: (encoder: encoding.Encoder) => void) =>
    encoding.encode((encoder) => (prefix(encoder), write(encoder)));
  return {
    dialect,
    offset: encoding.encode(prefix).length,
    token(token) {
      if (dialect === 'y-websocket') return undefined;
      return frame((encoder) => {
        encoding.writeVarUint(encoder, messageType.auth);
        encoding.writeVarUint(encoder, 0);
        encoding.writeVarString(encoder, token);
      });
    },
    step1: () =>
      frame((encoder) => {
        encoding.writeVarUint(encoder, messageType.sync);
        encoding.writeVarUint(encoder, syncType.step1);
        // An empty state vector.
        encoding.writeVarUint8Array(encoder, Uint8Array.of(0));
      }),
    update: (update) =>
      frame((encoder) => {
        encoding.writeVarUint(encoder, messageType.sync);
        encoding.writeVarUint(encoder, syncType.update);
        encoding.writeVarUint8Array(encoder, update);
      }),
    awareness: (clientId, clock, state) =>
      frame((encoder) => {
        encoding.writeVarUint(encoder, messageType.awareness);
        const update = encoding.encode((entry) => {
          encoding.writeVarUint(entry, 1);
          encoding.writeVarUint(entry, clientId);
          encoding.writeVarUint(entry, clock);
          encoding.writeVarString(entry, state);
        });
        encoding.writeVarUint8Array(encoder, update);
      }),
  };
}

/** The Yjs update in a sync frame that begins at `at`. */
export function updateIn(body: Buffer, at: number): Uint8Array {
  const decoder = decoding.createDecoder(body);
  decoder.pos = at + 2;
  return decoding.readVarUint8Array(decoder);
}

/** The number after the type of a frame. */
export function numberIn(body: Buffer, at: number): number {
  const decoder = decoding.createDecoder(body);
  decoder.pos = at + 1;
  return decoding.readVarUint(decoder);
}
