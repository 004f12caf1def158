import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import type { Page, WebSocketRoute } from 'playwright-core';
import type { ServerAwareness } from '#contract/awareness.ts';

/** Stands between a page and its document sockets, and does what a server does on a bad day. */
export type SocketDoctor = {
  /** Ends all open sockets with this code. */
  closeAll(code: number): Promise<void>;
  /** From now on every new socket opens and is closed with this code; undefined: they are let through. */
  closeNew(code: number | undefined): void;
  /** Makes the server say this about its storage, whatever it says itself. */
  sayLog(log: ServerAwareness['log'] | undefined): void;
};

type Entry = { clientId: number; clock: number; state: string };
const awarenessType = 1;

/** For pages that are loaded from now on. */
export async function putSocketDoctor(page: Page): Promise<SocketDoctor> {
  const open = new Map<WebSocketRoute, Entry | undefined>();
  let refusal: number | undefined;
  let log: ServerAwareness['log'] | undefined;
  /** Added to the server's clocks, as each change of ours must be newer than what it said before. */
  let ahead = 0;

  function rewrite(entry: Entry): Entry {
    const state = JSON.parse(entry.state) as ServerAwareness | null;
    const said = log === undefined || state === null ? state : { ...state, log };
    return { ...entry, clock: entry.clock + ahead, state: JSON.stringify(said) };
  }
  await page.routeWebSocket(/\/collab\//, (socket) => {
    if (refusal !== undefined) return void socket.close({ code: refusal, reason: 'by the test' });
    const server = socket.connectToServer();
    open.set(socket, undefined);
    socket.onMessage((message) => server.send(message));
    server.onMessage((message) => {
      const entries = typeof message === 'string' ? undefined : readAwareness(message);
      if (entries === undefined) return socket.send(message);
      const own = entries.find(({ state }) => state.includes('"kind":"server"'));
      if (own !== undefined) open.set(socket, own);
      socket.send(writeAwareness(entries.map((entry) => (entry === own ? rewrite(entry) : entry))));
    });
    const gone = () => open.delete(socket);
    socket.onClose((code, reason) => {
      gone();
      void server.close({ code: code ?? 1000, reason: reason ?? '' });
    });
    server.onClose((code, reason) => {
      gone();
      void socket.close({ code: code ?? 1006, reason: reason ?? '' });
    });
  });

  return {
    async closeAll(code) {
      const sockets = [...open.keys()];
      open.clear();
      await Promise.all(sockets.map((socket) => socket.close({ code, reason: 'by the test' })));
    },
    closeNew(code) {
      refusal = code;
    },
    sayLog(next) {
      log = next;
      ahead += 1;
      for (const [socket, last] of open) if (last !== undefined) socket.send(writeAwareness([rewrite(last)]));
    },
  };
}

function readAwareness(message: Buffer): Entry[] | undefined {
  const outer = decoding.createDecoder(message);
  if (decoding.readVarUint(outer) !== awarenessType) return undefined;
  const decoder = decoding.createDecoder(decoding.readVarUint8Array(outer));
  return Array.from({ length: decoding.readVarUint(decoder) }, () => ({
    clientId: decoding.readVarUint(decoder),
    clock: decoding.readVarUint(decoder),
    state: decoding.readVarString(decoder),
  }));
}

function writeAwareness(entries: Entry[]): Buffer {
  const inner = encoding.createEncoder();
  encoding.writeVarUint(inner, entries.length);
  for (const { clientId, clock, state } of entries) {
    encoding.writeVarUint(inner, clientId);
    encoding.writeVarUint(inner, clock);
    encoding.writeVarString(inner, state);
  }
  const outer = encoding.createEncoder();
  encoding.writeVarUint(outer, awarenessType);
  encoding.writeVarUint8Array(outer, encoding.toUint8Array(inner));
  return Buffer.from(encoding.toUint8Array(outer));
}
