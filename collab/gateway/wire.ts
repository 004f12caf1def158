import * as encoding from 'lib0/encoding';

/**
 * The frames of both endpoints. y-websocket: `type, …`. Hocuspocus: `varString(address), type, …`, where the address is
 * the document's name, optionally followed by NUL and a session id. Numbers are lib0 varUints.
 * Sources: y-websocket 3.1 `src/y-websocket.js`, y-protocols `sync.js`, @hocuspocus/server 4.7 `src/types.ts`.
 */
export const messageType = {
  sync: 0,
  awareness: 1,
  auth: 2,
  queryAwareness: 3,
  stateless: 5,
  close: 7,
  syncStatus: 8,
  ping: 9,
  pong: 10,
  /** Ours, for y-websocket clients that ask with `acks=1`: how many update frames of this socket are in the database. */
  stored: 100,
} as const;

export const syncType = { step1: 0, step2: 1, update: 2 } as const;
export const authType = { token: 0, permissionDenied: 1, authenticated: 2 } as const;

/** Builds a frame body (`type, …`); lib0's encoder is handed to `write` after the type. */
export function body(type: number, write: (encoder: encoding.Encoder) => void = () => {}): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, type);
  write(encoder);
  return encoding.toUint8Array(encoder);
}

/** The bytes that stand before the type on the Hocuspocus endpoint: `varString(address)`. */
export function addressPrefix(address: string): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarString(encoder, address);
  return encoding.toUint8Array(encoder);
}

export const syncStep1 = (stateVector: Uint8Array) =>
  body(messageType.sync, (encoder) => {
    encoding.writeVarUint(encoder, syncType.step1);
    encoding.writeVarUint8Array(encoder, stateVector);
  });

export const syncStep2 = (update: Uint8Array) =>
  body(messageType.sync, (encoder) => {
    encoding.writeVarUint(encoder, syncType.step2);
    encoding.writeVarUint8Array(encoder, update);
  });

export const syncUpdate = (update: Uint8Array) =>
  body(messageType.sync, (encoder) => {
    encoding.writeVarUint(encoder, syncType.update);
    encoding.writeVarUint8Array(encoder, update);
  });

export const awarenessBody = (update: Uint8Array) =>
  body(messageType.awareness, (encoder) => encoding.writeVarUint8Array(encoder, update));

export const storedCount = (count: number) =>
  body(messageType.stored, (encoder) => encoding.writeVarUint(encoder, count));

export const syncStatus = (applied: boolean) =>
  body(messageType.syncStatus, (encoder) => encoding.writeVarUint(encoder, applied ? 1 : 0));

export const permissionDenied = (reason: string) =>
  body(messageType.auth, (encoder) => {
    encoding.writeVarUint(encoder, authType.permissionDenied);
    encoding.writeVarString(encoder, reason);
  });

/** Tells a Hocuspocus client that its token was good. */
export const authenticated = (scope: 'readonly' | 'read-write') =>
  body(messageType.auth, (encoder) => {
    encoding.writeVarUint(encoder, authType.authenticated);
    encoding.writeVarString(encoder, scope);
  });
