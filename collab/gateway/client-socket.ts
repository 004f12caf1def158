import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import { closeCodes, type CloseReason } from '#contract/close-codes.ts';
import type { Log } from '#platform/log.ts';

/** A stock client reconnects after 30 s without a data frame; WebSocket pings do not count for it. */
const keepAliveMs = 12_000;
/** A peer that answers no ping for this long is gone, whatever TCP believes. */
const deadAfterMs = 30_000;
/** More than this waiting in a socket means that its reader will not catch up. */
const maxBufferedBytes = 8 * 1024 * 1024;
/** How long a closing handshake may take before the connection is cut. */
export const closeWithinMs = 2_000;

/** One real WebSocket of either endpoint: liveness, back-pressure and closing, nothing about documents. */
export interface ClientSocket {
  readonly isOpen: boolean;
  send(frame: Uint8Array): void;
  /** Sends several frames in one write. */
  sendAll(frames: readonly Uint8Array[]): void;
  close(reason: CloseReason): void;
}

export function createClientSocket(
  ws: WebSocket,
  connection: Socket,
  handlers: {
    frame: (frame: Uint8Array) => void;
    closed: () => void;
    /** Frames that keep the client's watchdog quiet. */
    keepAlive: () => Uint8Array[];
  },
  log: Log,
): ClientSocket {
  let heardAt = Date.now();
  const heard = () => {
    heardAt = Date.now();
  };

  const socket: ClientSocket = {
    get isOpen() {
      return ws.readyState === WebSocket.OPEN;
    },
    send(frame) {
      if (ws.readyState !== WebSocket.OPEN) return;
      if (ws.bufferedAmount > maxBufferedBytes) return socket.close('tooSlow');
      ws.send(frame);
    },
    sendAll(frames) {
      connection.cork();
      for (const frame of frames) socket.send(frame);
      connection.uncork();
    },
    close(reason) {
      if (ws.readyState === WebSocket.CLOSING || ws.readyState === WebSocket.CLOSED) return;
      ws.close(closeCodes[reason].code, closeCodes[reason].reason);
      setTimeout(() => ws.terminate(), closeWithinMs).unref();
    },
  };

  const timer = setInterval(() => {
    if (Date.now() - heardAt > deadAfterMs) return ws.terminate();
    if (ws.readyState !== WebSocket.OPEN) return;
    ws.ping();
    for (const frame of handlers.keepAlive()) socket.send(frame);
  }, keepAliveMs);

  ws.on('pong', heard);
  ws.on('message', (data, isBinary) => {
    heard();
    // Neither protocol has text frames.
    if (!isBinary) return socket.close('malformed');
    handlers.frame(data as Buffer);
  });
  // Without a listener a broken frame would end the process. The library closes with 1002, 1007 or 1009 by itself.
  ws.on('error', (error) => log.debug({ error: error.message }, 'a document socket failed'));
  ws.on('close', () => {
    clearInterval(timer);
    handlers.closed();
  });
  return socket;
}
