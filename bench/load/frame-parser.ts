export const opcodes = { binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** Cuts a stream of bytes into frames, wherever it is cut itself. What is handed on is only good during the call. */
export function createFrameParser(on: {
  message: (body: Buffer) => void;
  ping: (body: Buffer) => void;
  closed: (code: number) => void;
}): (chunk: Buffer) => void {
  /** The beginning of a header that was cut. */
  let stub: Buffer | undefined;
  /** A body that was cut, and how much of it is there. */
  let partial: { opcode: number; body: Buffer; filled: number } | undefined;

  function whole(opcode: number, body: Buffer): void {
    if (opcode === opcodes.binary) on.message(body);
    else if (opcode === opcodes.ping) on.ping(body);
    else if (opcode === opcodes.close) on.closed(body.length >= 2 ? body.readUInt16BE(0) : 1005);
  }

  return (received) => {
    let chunk = received;
    let at = 0;
    if (partial !== undefined) {
      const taken = Math.min(partial.body.length - partial.filled, chunk.length);
      chunk.copy(partial.body, partial.filled, 0, taken);
      partial.filled += taken;
      at = taken;
      if (partial.filled < partial.body.length) return;
      const { opcode, body } = partial;
      partial = undefined;
      whole(opcode, body);
    }
    if (stub !== undefined) {
      chunk = Buffer.concat([stub, chunk]);
      stub = undefined;
    }
    while (at < chunk.length) {
      const short = chunk.length - at < 2 ? 126 : chunk[at + 1]! & 127;
      const header = short < 126 ? 2 : short === 126 ? 4 : 10;
      if (chunk.length - at < header) {
        stub = Buffer.from(chunk.subarray(at));
        return;
      }
      const length =
        short < 126 ? short : short === 126 ? chunk.readUInt16BE(at + 2) : Number(chunk.readBigUInt64BE(at + 2));
      const opcode = chunk[at]! & 15;
      at += header;
      if (chunk.length - at < length) {
        const body = Buffer.allocUnsafeSlow(length);
        partial = { opcode, body, filled: chunk.copy(body, 0, at) };
        return;
      }
      whole(opcode, chunk.subarray(at, at + length));
      at += length;
    }
  };
}
