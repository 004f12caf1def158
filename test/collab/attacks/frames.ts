import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import * as Y from 'yjs';

/*
 * The frames of both endpoints, written from the public protocols and not from the gateway's own code. A body starts at
 * its type, as y-websocket sends it; `addressed` makes a frame of Hocuspocus of it.
 */

type Write = (encoder: encoding.Encoder) => void;

export function encode(write: Write): Uint8Array {
  const encoder = encoding.createEncoder();
  write(encoder);
  return encoding.toUint8Array(encoder);
}

function sync(step: number, payload: Uint8Array): Uint8Array {
  return encode((encoder) => {
    encoding.writeVarUint(encoder, 0);
    encoding.writeVarUint(encoder, step);
    encoding.writeVarUint8Array(encoder, payload);
  });
}

const emptyStateVector = Uint8Array.of(0);
export const step1 = (stateVector: Uint8Array = emptyStateVector) => sync(0, stateVector);
export const step2 = (update: Uint8Array) => sync(1, update);
export const update = (payload: Uint8Array) => sync(2, payload);
export const queryAwareness = Uint8Array.of(3);

/** `state` is sent as it is: it need not be JSON. */
export type AwarenessEntry = { clientId: number; clock: number; state: string };

export function awareness(entries: readonly AwarenessEntry[]): Uint8Array {
  const payload = encode((encoder) => {
    encoding.writeVarUint(encoder, entries.length);
    for (const { clientId, clock, state } of entries) {
      encoding.writeVarUint(encoder, clientId);
      encoding.writeVarUint(encoder, clock);
      encoding.writeVarString(encoder, state);
    }
  });
  return awarenessOf(payload);
}

export function awarenessOf(payload: Uint8Array): Uint8Array {
  return encode((encoder) => {
    encoding.writeVarUint(encoder, 1);
    encoding.writeVarUint8Array(encoder, payload);
  });
}

export function addressed(address: string, body: Uint8Array): Uint8Array {
  return encode((encoder) => {
    encoding.writeVarString(encoder, address);
    encoding.writeUint8Array(encoder, body);
  });
}

export function authToken(token: string): Uint8Array {
  return encode((encoder) => {
    encoding.writeVarUint(encoder, 2);
    encoding.writeVarUint(encoder, 0);
    encoding.writeVarString(encoder, token);
  });
}

/** What a frame from the server says; for frames of Hocuspocus with `withAddress`. */
export type Heard =
  | { type: 'step1' | 'step2' | 'update' | 'awareness'; payload: Uint8Array; address?: string }
  | { type: 'refused'; reason: string; address: string }
  | { type: 'status'; saved: boolean; address: string }
  | { type: 'stored'; count: number; address?: string }
  | { type: 'other'; number: number; address?: string };

export function read(frame: Uint8Array, options: { withAddress?: boolean } = {}): Heard {
  const decoder = decoding.createDecoder(frame);
  const address = options.withAddress === true ? decoding.readVarString(decoder) : '';
  const number = decoding.readVarUint(decoder);
  if (number === 0 || number === 4) {
    const step = decoding.readVarUint(decoder);
    const payload = decoding.readVarUint8Array(decoder);
    return { type: step === 0 ? 'step1' : step === 1 ? 'step2' : 'update', payload, address };
  }
  if (number === 1) return { type: 'awareness', payload: decoding.readVarUint8Array(decoder), address };
  if (number === 2 && decoding.readVarUint(decoder) === 1)
    return { type: 'refused', reason: decoding.readVarString(decoder), address };
  if (number === 8) return { type: 'status', saved: decoding.readVarUint(decoder) === 1, address };
  if (number === 100) return { type: 'stored', count: decoding.readVarUint(decoder), address };
  return { type: 'other', number, address };
}

export function readEntries(payload: Uint8Array): AwarenessEntry[] {
  const decoder = decoding.createDecoder(payload);
  return Array.from({ length: decoding.readVarUint(decoder) }, () => ({
    clientId: decoding.readVarUint(decoder),
    clock: decoding.readVarUint(decoder),
    state: decoding.readVarString(decoder),
  }));
}

/**
 * Writes like one person at a keyboard, without knowing what others write: each call gives one update that adds `text`
 * to the file `main`, with `replace` instead of what this writer added before.
 */
export function createWriter(options: { replace?: boolean; clientId?: number } = {}) {
  const doc = new Y.Doc();
  if (options.clientId !== undefined) doc.clientID = options.clientId;
  const text = doc.getText('f:main');
  const made: Uint8Array[] = [];
  doc.on('update', (bytes: Uint8Array) => void made.push(bytes));
  return {
    clientId: doc.clientID,
    doc,
    /** The clock of this writer's client after all that it has written. */
    get clock() {
      return Y.getState(doc.store, doc.clientID);
    },
    write(added: string): Uint8Array {
      doc.transact(() => {
        if (options.replace === true) text.delete(0, text.length);
        text.insert(0, added);
      });
      return made.pop()!;
    },
  };
}

/** One byte after another of the same client without the first one: it waits for what never comes. */
export function gapUpdate(length = 1, clientId?: number): Uint8Array {
  const writer = createWriter(clientId === undefined ? {} : { clientId });
  writer.write('a');
  return writer.write('b'.repeat(length));
}

const many = 30_000_000;

/** A few bytes each that claim millions of things to come; what applies them blindly stalls for hundreds of milliseconds. */
export const bombs: Record<string, Uint8Array> = {
  'structs in an update': update(claims([1, many, 123_456_789, 0])),
  'structs in a sync step 2': step2(claims([1, many, 123_456_789, 0])),
  'clients in an update': update(claims([many])),
  'clients in a delete set': update(claims([0, many])),
  'ranges in a delete set': update(claims([0, 1, 123_456_789, many])),
  'clients in a state vector': step1(claims([many])),
  'entries in awareness': awarenessOf(claims([many])),
};

function claims(numbers: readonly number[]): Uint8Array {
  return encode((encoder) => {
    for (const number of numbers) encoding.writeVarUint(encoder, number);
  });
}
