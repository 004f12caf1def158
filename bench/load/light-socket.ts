import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { createFrameParser, opcodes } from './frame-parser.ts';

/**
 * A WebSocket client that costs as little as possible, so that one load process can stand for hundreds of readers: no
 * events, no copies of what arrives whole, one read buffer for all. Server frames only as servers send them: binary,
 * unfragmented, without extensions.
 */
export type LightSocket = {
  /** A frame made by `maskedFrame`; it may be sent again. */
  send(frame: Buffer): void;
  /** Frames sent until `uncork` go out in one write. */
  cork(): void;
  uncork(): void;
  close(): void;
};

type Handlers = {
  /** The bytes are only good during the call. */
  message: (body: Buffer) => void;
  /** The peer has gone; the code of its close frame, 1006 without one. Not after `close()`. */
  gone: (code: number) => void;
};

const openWithinMs = 20_000;
/** The event loop fills it and hands it on in one go, socket after socket. */
const readBuffer = Buffer.allocUnsafeSlow(256 * 1024);

/** A complete client frame with `payload`, masked as the protocol wants it. */
export function maskedFrame(payload: Uint8Array, opcode: number = opcodes.binary): Buffer {
  const { length } = payload;
  const extra = length < 126 ? 0 : length < 65_536 ? 2 : 8;
  const frame = Buffer.allocUnsafeSlow(2 + extra + 4 + length);
  frame[0] = 0x80 | opcode;
  frame[1] = 0x80 | (extra === 0 ? length : extra === 2 ? 126 : 127);
  if (extra === 2) frame.writeUInt16BE(length, 2);
  if (extra === 8) frame.writeBigUInt64BE(BigInt(length), 2);
  const mask = randomBytes(4);
  mask.copy(frame, 2 + extra);
  const start = 2 + extra + 4;
  for (let index = 0; index < length; index += 1) frame[start + index] = payload[index]! ^ mask[index & 3]!;
  return frame;
}

/** Connects and upgrades. Rejects when the server refuses, or does not answer within 20 s. */
export function openLightSocket(address: string, handlers: Handlers): Promise<LightSocket> {
  const url = new URL(address);
  return new Promise((resolve, reject) => {
    let upgraded = false;
    let over = false;
    let handshake = Buffer.alloc(0);
    let closeCode = 1006;
    const late = setTimeout(() => fail(new Error('the upgrade was not answered')), openWithinMs);
    const parser = createFrameParser({
      message: handlers.message,
      ping: (body) => void socket.write(maskedFrame(body, opcodes.pong)),
      closed(code) {
        closeCode = code;
        socket.end();
      },
    });

    function fail(error: Error): void {
      clearTimeout(late);
      if (over) return;
      over = true;
      socket.destroy();
      if (upgraded) handlers.gone(closeCode);
      else reject(error);
    }

    function readHandshake(chunk: Buffer): void {
      handshake = Buffer.concat([handshake, chunk]);
      const end = handshake.indexOf('\r\n\r\n');
      if (end < 0) return;
      const status = handshake.toString('latin1', 0, handshake.indexOf('\r\n'));
      if (!status.startsWith('HTTP/1.1 101')) return fail(new Error(`the upgrade was answered with ${status}`));
      clearTimeout(late);
      upgraded = true;
      resolve({
        send: (frame) => void (over || socket.write(frame)),
        cork: () => socket.cork(),
        uncork: () => socket.uncork(),
        close() {
          over = true;
          socket.destroy();
        },
      });
      // What follows the answer in the same packet waits until the caller has its socket.
      const rest = handshake.subarray(end + 4);
      if (rest.length > 0) parser(rest);
    }

    const socket: Socket = connect({
      host: url.hostname,
      port: Number(url.port),
      noDelay: true,
      onread: {
        buffer: readBuffer,
        callback(count) {
          if (over) return true;
          const chunk = readBuffer.subarray(0, count);
          if (upgraded) parser(chunk);
          else readHandshake(chunk);
          return true;
        },
      },
    });
    socket.on('error', fail);
    socket.on('close', () => fail(new Error('the connection was closed')));
    socket.write(
      `GET ${url.pathname}${url.search} HTTP/1.1\r\nHost: ${url.host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\nSec-WebSocket-Version: 13\r\n\r\n`,
    );
  });
}
