import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { after, afterEach, before, test } from 'node:test';
import { converged, destroyClients, yWebsocketClient } from '../../support/clients.ts';
import { startTestCollab, type TestCollab } from '../../support/collab.ts';
import { waitFor } from '../../support/wait-for.ts';
import { attackLesson } from './lesson.ts';

let lectern: TestCollab;
before(async () => {
  lectern = await startTestCollab();
});
afterEach(destroyClients);
after(async () => {
  await lectern.close();
});

/** A frame of RFC 6455 as it goes over the wire; `first` is FIN, RSV and opcode. */
function wsFrame(first: number, payload: Uint8Array, options: { masked?: boolean; claims?: number } = {}): Buffer {
  const { masked = true, claims = payload.length } = options;
  const header = Buffer.alloc(14);
  let length = 2;
  header[0] = first;
  if (claims < 126) header[1] = claims;
  else if (claims < 65_536) {
    header[1] = 126;
    length = header.writeUInt16BE(claims, 2);
  } else {
    header[1] = 127;
    length = header.writeBigUInt64BE(BigInt(claims), 2);
  }
  if (!masked) return Buffer.concat([header.subarray(0, length), payload]);
  header[1] |= 0x80;
  const key = randomBytes(4);
  key.copy(header, length);
  const body = Buffer.from(payload);
  for (let index = 0; index < body.length; index += 1) body[index]! ^= key[index % 4]!;
  return Buffer.concat([header.subarray(0, length + 4), body]);
}

/** A connection after its upgrade, frame by frame in our own hands. `behind` goes out in one packet with the upgrade. */
async function upgraded(path: string, behind: Uint8Array = Buffer.alloc(0)) {
  const { port, host } = new URL(lectern.wsUrl);
  const socket: Socket = connect(Number(port), '127.0.0.1');
  socket.on('error', () => {});
  let received = Buffer.alloc(0);
  let gone = false;
  socket.on('data', (chunk) => {
    received = Buffer.concat([received, chunk]);
  });
  socket.on('close', () => {
    gone = true;
  });
  const key = randomBytes(16).toString('base64');
  const lines = [
    `GET ${path} HTTP/1.1`,
    `Host: ${host}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    `Sec-WebSocket-Key: ${key}`,
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Extensions: permessage-deflate',
  ];
  socket.write(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), behind]));
  const head = await waitFor(() => {
    const end = received.indexOf('\r\n\r\n');
    return end < 0 ? undefined : received.subarray(0, end).toString();
  });
  const start = Buffer.byteLength(head) + 4;
  /** The number in the server's close frame; undefined while there is none. The server's frames are never masked. */
  const closeCode = (): number | undefined => {
    let at = start;
    while (at + 2 <= received.length) {
      const opcode = received[at]! & 0x0f;
      let size = received[at + 1]!;
      let from = at + 2;
      if (size === 126) [size, from] = [received.readUInt16BE(from), from + 2];
      else if (size === 127) [size, from] = [Number(received.readBigUInt64BE(from)), from + 8];
      if (opcode === 8) return size < 2 ? 1005 : received.readUInt16BE(from);
      at = from + size;
    }
    return undefined;
  };
  return { socket, head, closeCode, isGone: () => gone };
}

const kilobytes = (count: number) => Buffer.alloc(count * 1024, 0x78);
const violations: [what: string, code: number, frames: () => Iterable<Buffer>][] = [
  ['RSV1 without an extension', 1002, () => [wsFrame(0x82 | 0x40, kilobytes(1))]],
  ['a deflate bomb', 1002, () => [wsFrame(0x82 | 0x40, Buffer.from('4b4c1c05a36014', 'hex'))]],
  ['RSV2', 1002, () => [wsFrame(0x82 | 0x20, kilobytes(1))]],
  ['a bad opcode', 1002, () => [wsFrame(0x83, kilobytes(1))]],
  ['a bad control opcode', 1002, () => [wsFrame(0x8b, Buffer.alloc(0))]],
  ['an unmasked frame', 1002, () => [wsFrame(0x82, kilobytes(1), { masked: false })]],
  ['a ping of 126 bytes', 1002, () => [wsFrame(0x89, Buffer.alloc(126))]],
  ['a fragmented ping', 1002, () => [wsFrame(0x09, Buffer.alloc(4))]],
  ['a continuation of nothing', 1002, () => [wsFrame(0x80, kilobytes(1))]],
  ['a message within a message', 1002, () => [wsFrame(0x02, kilobytes(1)), wsFrame(0x82, kilobytes(1))]],
  ['a close with one byte', 1002, () => [wsFrame(0x88, Buffer.of(3))]],
  ['a close with a number that is none', 1002, () => [wsFrame(0x88, Buffer.of(0, 5))]],
  ['a length beyond 2^53', 1009, () => [wsFrame(0x82, kilobytes(1), { claims: 2 ** 60 })]],
  ['text that is no UTF-8', 1007, () => [wsFrame(0x81, Buffer.of(0xff, 0xfe))]],
  [
    'fragments without end',
    1009,
    () => Array.from({ length: 80 }, (_, index) => wsFrame(index === 0 ? 2 : 0, kilobytes(64))),
  ],
];

for (const hocuspocus of [false, true]) {
  const endpoint = hocuspocus ? 'Hocuspocus' : 'y-websocket';

  test(`[SAFE2] M2: violations of the WebSocket protocol on the ${endpoint} endpoint`, async () => {
    const lesson = await attackLesson(lectern);
    const token = lesson.token(lesson.teacher);
    const a = yWebsocketClient(lectern.wsUrl, lesson.main, token);
    const b = yWebsocketClient(lectern.wsUrl, lesson.main, token);
    await Promise.all([a.synced(), b.synced()]);
    const path = hocuspocus ? '/hocuspocus' : `/collab/${lesson.main}?token=${lesson.token(lesson.student)}`;
    for (const [what, code, frames] of violations) {
      for (const inOnePacket of [false, true]) {
        const bytes = Buffer.concat([...frames()]);
        const raw = await upgraded(path, inOnePacket ? bytes : undefined);
        assert.match(raw.head, /^HTTP\/1\.1 101 /);
        assert.doesNotMatch(raw.head, /permessage-deflate/i);
        if (!inOnePacket) raw.socket.write(bytes);
        await waitFor(() => raw.closeCode() !== undefined || raw.isGone(), { what: `the end after ${what}` });
        // Too large for a second time within a minute is for good.
        const codes = code === 1009 ? [1009, 4413] : [code];
        assert.ok(codes.includes(raw.closeCode()!), `${what}: ${raw.closeCode()}`);
        // It is cut even when the other side does not close.
        await waitFor(raw.isGone, { withinMs: 10_000, what: `the connection to be cut after ${what}` });
      }
    }
    a.text.insert(0, 'alive');
    await converged([a, b], (text) => text === 'alive');
    assert.deepEqual([a.closes, b.closes], [[], []]);
  });
}

test('[SAFE2] M2: connections that are broken off at any byte of the upgrade and of a frame', async () => {
  const lesson = await attackLesson(lectern);
  const token = lesson.token(lesson.teacher);
  const a = yWebsocketClient(lectern.wsUrl, lesson.main, token);
  const b = yWebsocketClient(lectern.wsUrl, lesson.main, token);
  await Promise.all([a.synced(), b.synced()]);
  const frame = wsFrame(0x82, Buffer.concat([Buffer.of(0, 2, 0x80, 0x08), kilobytes(1)]));
  for (let cut = 1; cut < frame.length; cut += 37) {
    const raw = await upgraded(`/collab/${lesson.main}?token=${lesson.token(lesson.student)}`, frame.subarray(0, cut));
    raw.socket.resetAndDestroy();
  }
  const { port } = new URL(lectern.wsUrl);
  const request = `GET /collab/${lesson.main}?token=${token} HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n`;
  for (let cut = 1; cut < request.length; cut += 29) {
    const socket = connect(Number(port), '127.0.0.1');
    socket.on('error', () => {});
    socket.write(request.slice(0, cut), () => socket.resetAndDestroy());
  }
  a.text.insert(0, 'alive');
  await converged([a, b], (text) => text === 'alive');
});
