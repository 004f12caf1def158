import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import { closeCodes, type CloseReason } from '#contract/close-codes.ts';
import type { Log } from '#platform/log.ts';
import type { CollabMeter } from '../metrics.ts';

/** A peer that answers nothing for this long is gone, whatever TCP believes. Presence must be gone within 35 s. */
const deadAfterMs = 25_000;
const pingEveryMs = 10_000;
/** With more than this waiting a reader is behind: it gets no presence until it has caught up. */
const behindBytes = 1024 * 1024;
/** With more than this waiting, beside the document it asked for, a reader will not catch up. */
const maxBacklogBytes = 8 * 1024 * 1024;

type Handlers = {
  frame: (frame: Uint8Array) => void;
  closed: () => void;
  /** Awareness was left out while this reader was behind, and it has caught up. */
  caughtUp: () => void;
};

/**
 * One real WebSocket of either endpoint: liveness, back-pressure and closing, nothing about documents. Whole frames are
 * written straight to its connection, so that one frame serves any number of readers.
 */
export class ClientSocket {
  readonly #ws: WebSocket;
  readonly #connection: Socket;
  readonly #handlers: Handlers;
  readonly #meter: CollabMeter;
  #heardAt = Date.now();
  #pingedAt = Date.now();
  #missedAwareness = false;
  /** The document itself, on its way to a reader who asked for it, does not count as being slow. */
  #answerBytes = 0;
  #resume: NodeJS.Timeout | undefined;
  #held: Uint8Array[] = [];

  constructor(ws: WebSocket, connection: Socket, handlers: Handlers, deps: { log: Log; meter: CollabMeter }) {
    this.#ws = ws;
    this.#connection = connection;
    this.#handlers = handlers;
    this.#meter = deps.meter;
    ws.on('pong', () => this.#heard());
    ws.on('message', (data, isBinary) => {
      this.#heard();
      // Neither protocol has text frames.
      if (!isBinary) return this.close('malformed');
      // What was read together with the frame that was too much.
      if (this.#resume !== undefined) this.#held.push(data as Buffer);
      else handlers.frame(data as Buffer);
    });
    // Without a listener a broken frame would end the process. The library closes with 1002, 1007 or 1009 by itself.
    ws.on('error', (error) => deps.log.debug({ error: error.message }, 'a document socket failed'));
    ws.on('close', () => {
      clearTimeout(this.#resume);
      this.#held = [];
      handlers.closed();
    });
  }

  get isOpen(): boolean {
    return this.#ws.readyState === WebSocket.OPEN;
  }

  /** Writes a whole frame. `droppable` frames are left out while the reader is behind. */
  write(frame: Buffer, droppable = false): void {
    if (!this.isOpen) return;
    const backlog = this.#connection.writableLength;
    if (backlog === 0) this.#answerBytes = 0;
    else if (backlog > behindBytes && droppable) {
      this.#missedAwareness = true;
      return this.#meter.dropped('slow-reader');
    } else if (backlog > maxBacklogBytes + this.#answerBytes) return this.close('tooSlow');
    this.#connection.write(frame);
  }

  /** Writes the document to a reader who asked for it. Asking again before it is read is being slow. */
  writeAnswer(frames: readonly Buffer[]): void {
    if (!this.isOpen) return;
    if (this.#answerBytes > 0 && this.#connection.writableLength > maxBacklogBytes) return this.close('tooSlow');
    this.#answerBytes = frames.reduce((sum, frame) => sum + frame.length, 0);
    this.#connection.cork();
    for (const frame of frames) this.#connection.write(frame);
    this.#connection.uncork();
  }

  /** Writes several frames in one go. */
  writeAll(frames: readonly Buffer[]): void {
    this.#connection.cork();
    for (const frame of frames) this.write(frame);
    this.#connection.uncork();
  }

  /** Reads nothing from this socket for a while; what the client sends meanwhile waits in its network. */
  hold(ms: number): void {
    if (this.#resume !== undefined || !this.isOpen) return;
    this.#ws.pause();
    this.#resume = setTimeout(() => {
      this.#resume = undefined;
      this.#heard();
      // Any of these may hold the socket again.
      while (this.#held.length > 0 && this.#resume === undefined) this.#handlers.frame(this.#held.shift()!);
      if (this.#resume === undefined) this.#ws.resume();
    }, ms);
  }

  close(reason: CloseReason): void {
    if (this.#ws.readyState === WebSocket.CLOSING || this.#ws.readyState === WebSocket.CLOSED) return;
    this.#meter.closed(reason);
    this.#ws.close(closeCodes[reason].code, closeCodes[reason].reason);
  }

  /** Called every second or so: ends what is dead, asks who is quiet. */
  tick(now: number): void {
    if (now - this.#heardAt > deadAfterMs) return this.#ws.terminate();
    if (!this.isOpen) return;
    if (now - this.#pingedAt >= pingEveryMs) {
      this.#pingedAt = now;
      this.#ws.ping();
    }
    if (this.#missedAwareness && this.#connection.writableLength <= behindBytes) {
      this.#missedAwareness = false;
      this.#handlers.caughtUp();
    }
  }

  #heard(): void {
    this.#heardAt = Date.now();
  }
}
