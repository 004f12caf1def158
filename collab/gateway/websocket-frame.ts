/**
 * A final, unmasked binary WebSocket frame (RFC 6455 §5.2) in one buffer: header, then `prefix`, then `body`. Built once,
 * it can be written to any number of sockets.
 */
export function websocketFrame(prefix: Uint8Array, body: Uint8Array): Buffer {
  const length = prefix.length + body.length;
  const headerBytes = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const frame = Buffer.allocUnsafe(headerBytes + length);
  frame[0] = 0x82;
  if (headerBytes === 2) frame[1] = length;
  else if (headerBytes === 4) {
    frame[1] = 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = 127;
    frame.writeBigUInt64BE(BigInt(length), 2);
  }
  frame.set(prefix, headerBytes);
  frame.set(body, headerBytes + prefix.length);
  return frame;
}

/** How a reader's frames begin: nothing for y-websocket, the document's address for Hocuspocus. */
export type Addressing = { readonly address: string; readonly prefix: Uint8Array };

/** One message for many readers, framed once for each way of addressing it. */
export class SharedMessage {
  readonly body: Uint8Array;
  #address: string | undefined;
  #frame: Buffer | undefined;

  constructor(body: Uint8Array) {
    this.body = body;
  }

  /** Readers of one kind come one after the other, so the last frame made is nearly always the one wanted. */
  frame({ address, prefix }: Addressing): Buffer {
    if (this.#frame === undefined || this.#address !== address) {
      this.#address = address;
      this.#frame = websocketFrame(prefix, this.body);
    }
    return this.#frame;
  }
}
