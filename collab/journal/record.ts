import { crc32 } from 'node:zlib';
import * as decoding from 'lib0/decoding';

/** One update of one document on its way into the database. */
export type JournalRecord = {
  /** Key of the row it becomes, made when it was appended: a replay stores it once. */
  id: string;
  document: string;
  epoch: number;
  /** Who typed it; undefined: the server. */
  userId: string | undefined;
  /** Epoch ms. */
  at: number;
  update: Uint8Array;
};

const headerBytes = 8;

/** One frame: 4 bytes payload length, 4 bytes CRC-32 of the payload (both little-endian), payload. */
export function encodeRecord(record: JournalRecord): Uint8Array {
  return encodeRecords([record]);
}

/**
 * The frames of a batch, one behind the other in a buffer of its own: it goes to the journal thread without a copy, and
 * to the file in one piece.
 */
export function encodeRecords(records: readonly JournalRecord[]): Uint8Array<ArrayBuffer> {
  const sizes = records.map(sizesOf);
  const frames = new Uint8Array(sizes.reduce((sum, { payload }) => sum + headerBytes + payload, 0));
  const bytes = Buffer.from(frames.buffer);
  let end = 0;
  for (const [index, { id, document, epoch, userId = '', at, update }] of records.entries()) {
    const size = sizes[index]!;
    const header = end;
    end = writeText(bytes, header + headerBytes, id, size.id);
    end = writeText(bytes, end, document, size.document);
    end = writeInteger(bytes, end, epoch);
    end = writeText(bytes, end, userId, size.userId);
    end = writeInteger(bytes, end, at);
    end = writeInteger(bytes, end, update.length);
    bytes.set(update, end);
    end += update.length;
    bytes.writeUInt32LE(size.payload, header);
    bytes.writeUInt32LE(crc32(bytes.subarray(header + headerBytes, end)), header + 4);
  }
  return frames;
}

/** In bytes. */
function sizesOf({ id, document, epoch, userId = '', at, update }: JournalRecord) {
  const text = { id: Buffer.byteLength(id), document: Buffer.byteLength(document), userId: Buffer.byteLength(userId) };
  const numbers = [text.id, text.document, epoch, text.userId, at, update.length];
  const inNumbers = numbers.reduce((sum, value) => sum + integerBytes(value), 0);
  return { ...text, payload: inNumbers + text.id + text.document + text.userId + update.length };
}

function integerBytes(value: number): number {
  let length = 1;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) length += 1;
  return length;
}

/** Seven bits a byte, the lowest first, as lib0 reads them; returns where it ends. */
function writeInteger(bytes: Buffer, at: number, value: number): number {
  let end = at;
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes[end++] = 128 | (rest % 128);
  bytes[end] = rest;
  return end + 1;
}

function writeText(bytes: Buffer, at: number, value: string, length: number): number {
  const start = writeInteger(bytes, at, length);
  bytes.write(value, start, length);
  return start + length;
}

/**
 * Reads the records of a segment. A crash can cut the last record short, so reading stops at the first frame that is
 * incomplete or does not match its checksum; `goodBytes` says how far the file is sound.
 */
export function decodeRecords(segment: Uint8Array): { records: JournalRecord[]; goodBytes: number } {
  const bytes = Buffer.from(segment.buffer, segment.byteOffset, segment.byteLength);
  const records: JournalRecord[] = [];
  let offset = 0;
  while (offset + headerBytes <= bytes.length) {
    const end = offset + headerBytes + bytes.readUInt32LE(offset);
    if (end > bytes.length) break;
    const payload = bytes.subarray(offset + headerBytes, end);
    if (crc32(payload) !== bytes.readUInt32LE(offset + 4)) break;
    records.push(decodePayload(payload));
    offset = end;
  }
  return { records, goodBytes: offset };
}

function decodePayload(payload: Uint8Array): JournalRecord {
  const decoder = decoding.createDecoder(payload);
  return {
    id: decoding.readVarString(decoder),
    document: decoding.readVarString(decoder),
    epoch: decoding.readVarUint(decoder),
    userId: decoding.readVarString(decoder) || undefined,
    at: decoding.readVarUint(decoder),
    update: decoding.readVarUint8Array(decoder),
  };
}
