import { crc32 } from 'node:zlib';
import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';

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

/** Frame: 4 bytes payload length, 4 bytes CRC-32 of the payload (both little-endian), payload. */
export function encodeRecord(record: JournalRecord): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarString(encoder, record.id);
  encoding.writeVarString(encoder, record.document);
  encoding.writeVarUint(encoder, record.epoch);
  encoding.writeVarString(encoder, record.userId ?? '');
  encoding.writeVarUint(encoder, record.at);
  encoding.writeVarUint8Array(encoder, record.update);
  const payload = encoding.toUint8Array(encoder);
  const frame = Buffer.allocUnsafe(headerBytes + payload.length);
  frame.writeUInt32LE(payload.length, 0);
  frame.writeUInt32LE(crc32(payload), 4);
  frame.set(payload, headerBytes);
  return frame;
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
