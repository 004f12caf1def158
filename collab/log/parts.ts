import { crc32 } from 'node:zlib';

/** Rows hold at most this much, so that no default packet limit of a database refuses one. */
const partBytes = 1024 * 1024;

/** A piece of stored bytes as it stands in a row. `crc` is null in rows of programs that wrote none. */
export type Part = { part: number; data: Uint8Array; crc: number | null };

/** Cuts bytes into numbered parts of at most 1 MiB, each with its CRC-32. */
export function toParts(data: Uint8Array): Part[] {
  return Array.from({ length: Math.max(1, Math.ceil(data.length / partBytes)) }, (_, part) => {
    const piece = data.length <= partBytes ? data : data.subarray(part * partBytes, (part + 1) * partBytes);
    return { part, data: piece, crc: crc32(piece) };
  });
}

/** The bytes that `toParts` has cut; one part is handed back as it is. */
export function joinParts(parts: readonly Part[]): Uint8Array {
  return parts.length === 1 ? parts[0]!.data : Buffer.concat(parts.map(({ data }) => data));
}

/** Why these parts cannot be the bytes that were stored; undefined when nothing speaks against it. */
export function damageOf(parts: readonly Part[]): string | undefined {
  if (parts.length === 0) return 'nothing of it is there';
  for (const [index, { part, data, crc }] of parts.entries()) {
    if (part !== index) return `part ${index} is missing`;
    if (crc !== null && crc32(data) !== crc) return `the checksum of part ${part} is wrong`;
  }
  return undefined;
}
