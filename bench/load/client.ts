import type { Room } from '../messages.ts';
import { maskedFrame, openLightSocket, type LightSocket } from './light-socket.ts';
import { messageType, numberIn, syncType, type Wire } from './wire.ts';

/** A reader that applies nothing, and writes what it is given. */
export type LightClient = {
  readonly socket: LightSocket;
  readonly wire: Wire;
  /** The Yjs id under which it has an awareness state. */
  readonly awarenessId: number;
  /** Bytes of the first answer to step 1. */
  readonly syncedBytes: number;
  readonly awarenessFrames: number;
  /** The close code when the server has ended it. */
  readonly closedWith: number | undefined;
  /** Says who is here and where its cursor stands, as an editor does whenever it moves. */
  moveCursor(): void;
  close(): void;
};

export type ClientHandlers = {
  /** A frame with document content; `at` is where its type stands. Good only during the call. */
  sync?: (body: Buffer, at: number) => void;
  /** So many more of this client's updates are acknowledged. */
  acknowledged?: (count: number) => void;
};

const syncWithinMs = 30_000;
let clients = 0;

/**
 * Joins as a stock client does: opens, asks for everything, says who is here. Resolves when the document has come;
 * with `sync: false` (a relay has none) when the socket is open. Rejects after 30 s.
 */
export async function joinRoom(
  wire: Wire,
  way: Room['clients'][number],
  handlers: ClientHandlers = {},
  options: { sync: boolean } = { sync: true },
): Promise<LightClient> {
  clients += 1;
  const awarenessId = 2_000_000 + clients;
  let clock = 0;
  let stored = 0;
  let syncedBytes = 0;
  let awarenessFrames = 0;
  let closedWith: number | undefined;
  let socket: LightSocket | undefined;
  let settle: (error?: Error) => void = () => {};
  const synced = new Promise<void>((resolve, reject) => {
    const late = setTimeout(() => settle(new Error('the document did not come within 30 s')), syncWithinMs);
    settle = (error) => {
      clearTimeout(late);
      if (error === undefined) resolve();
      else reject(error);
    };
  });
  // Awaited below, but it may fail before that.
  synced.catch(() => {});

  function moveCursor(): void {
    clock += 1;
    const at = { type: null, tname: 'f:main', item: { client: awarenessId, clock }, assoc: 0 };
    const state = {
      user: { name: `Person ${awarenessId}`, color: '#30bced' },
      selection: { anchor: at, head: at },
    };
    socket?.send(maskedFrame(wire.awareness(awarenessId, clock, JSON.stringify(state))));
  }

  function enter(): void {
    socket?.send(maskedFrame(wire.step1()));
    moveCursor();
  }

  function message(body: Buffer): void {
    const at = wire.offset;
    const type = body[at];
    if (type === messageType.sync || type === messageType.syncReply) {
      if (body[at + 1] === syncType.step1) return;
      if (body[at + 1] === syncType.step2 && syncedBytes === 0) {
        syncedBytes = body.length;
        settle();
      }
      handlers.sync?.(body, at);
    } else if (type === messageType.awareness) awarenessFrames += 1;
    else if (type === messageType.stored) {
      const total = numberIn(body, at);
      handlers.acknowledged?.(total - stored);
      stored = total;
    } else if (type === messageType.syncStatus) handlers.acknowledged?.(numberIn(body, at));
    else if (type === messageType.auth) {
      if (body[at + 1] === 2) enter();
      else settle(new Error('the server refused the token'));
    }
  }

  const opened = await openLightSocket(way.url, {
    message,
    gone(code) {
      closedWith = code;
      settle(new Error(`the server closed the socket with ${code}`));
    },
  });
  socket = opened;
  const first = wire.token(way.token);
  if (first === undefined) enter();
  else opened.send(maskedFrame(first));
  if (options.sync) await synced;
  else settle();
  return {
    socket: opened,
    wire,
    awarenessId,
    get syncedBytes() {
      return syncedBytes;
    },
    get awarenessFrames() {
      return awarenessFrames;
    },
    get closedWith() {
      return closedWith;
    },
    moveCursor,
    close: () => opened.close(),
  };
}
