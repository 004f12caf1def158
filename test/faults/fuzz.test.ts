import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { hocuspocusClient, yWebsocketClient, type StockClient } from '../support/clients.ts';
import { databaseEngines } from '../support/databases.ts';
import { recordHocuspocus, recordYWebsocket, type Recorded } from '../support/frame-recorder.ts';
import { createRandom } from '../support/random.ts';
import type { RowClass } from '../support/class-rows.ts';
import { openSite, type Site } from '../support/site.ts';
import { assertConverged, createLedger, type Ledger, type Writer } from '../support/token-checker.ts';
import { waitFor } from '../support/wait-for.ts';
import { measureEcho, showEcho } from './echo.ts';
import { mutate } from './mutate.ts';
import { long, quickOr, seed } from './mode.ts';
import { synced } from './synced.ts';

/** What the process says when something escaped everybody. */
const escaped = /nobody caught|unhandled|uncaught/i;

describe('hostile frames against the running program', { timeout: 45 * 60_000 }, () => {
  let site: Site;
  let room: RowClass;
  let ledger: Ledger;
  let writer: Writer;
  let reader: StockClient;
  before(
    async () => {
      site = await openSite({ engine: databaseEngines[0]!, entry: 'main.ts', env: { DEMO: '0' } });
      // In lecture mode: what students send into the class document must reach nobody.
      room = await site.insertClass({ students: 8, staff: 1, mode: 'lecture' });
      ledger = createLedger(createRandom(seed));
      writer = ledger.write(yWebsocketClient(site.server.wsUrl, room.main, room.owner.token, { acks: true }));
      reader = hocuspocusClient(site.server.wsUrl, room.main, room.students[0]!.token);
      ledger.watch(reader);
      await synced(writer.client, reader);
    },
    { timeout: 180_000 },
  );
  after(() => site.close());

  async function assertHonestServed() {
    assert.ok(site.server.alive(), site.server.output().slice(-2_000));
    const echo = await measureEcho(writer, reader, 3, 0);
    assert.doesNotMatch(site.server.output(), escaped);
    return echo;
  }

  async function assertUnharmed() {
    await assertConverged(ledger, [writer.client, reader]);
    assert.equal(reader.text.toJSON().replaceAll(/<[0-9a-z]{8}>/g, ''), '', 'only what honest people typed');
    await waitFor(() => ledger.counts().acknowledged === ledger.counts().typed, { withinMs: 20_000 });
    ledger.check(await site.storedText(room.main), 'the database');
    assert.deepEqual([writer.client.closes, reader.closes], [[], []]);
    const states = [...reader.awareness.getStates().values()].filter(({ kind }) => kind === 'server');
    assert.equal(states.length, 1, 'nobody speaks for the server');
  }

  test(
    '[DUR16] M1: mutations of real frames end their sockets at most, and harm nobody',
    { timeout: 45 * 60_000 },
    async (t) => {
      const random = createRandom(seed);
      const wanted = quickOr(3_000, 100_000);
      const attackers = room.students.slice(1);
      const recorded: Recorded[] = [];
      const { wsUrl } = site.server;
      for (const student of attackers) {
        recorded.push(await recordYWebsocket(wsUrl, room.workspace(student), student.token));
        recorded.push(await recordYWebsocket(wsUrl, room.main, student.token));
        recorded.push(await recordHocuspocus(wsUrl, room.workspace(student), student.token));
      }
      let sent = 0;
      let sockets = 0;
      const codes = new Map<number, number>();
      const attack = async (target: Recorded) => {
        const isHocuspocus = target.url.endsWith('/hocuspocus');
        while (sent < wanted) {
          const ws = new WebSocket(target.url);
          ws.on('error', () => {});
          ws.on('close', (code) => codes.set(code, (codes.get(code) ?? 0) + 1));
          const closed = once(ws, 'close');
          await Promise.race([once(ws, 'open').catch(() => {}), closed]);
          sockets += 1;
          if (isHocuspocus && random.next() < 0.9 && ws.readyState === WebSocket.OPEN) ws.send(target.frames[0]!);
          // So many at once that some are behind the one that ends the socket.
          while (ws.readyState === WebSocket.OPEN && sent < wanted) {
            for (let left = random.int(1, 8); left > 0; left -= 1) {
              ws.send(mutate(target.frames, random));
              sent += 1;
            }
            await Promise.race([closed, delay(random.int(0, 4))]);
          }
          if (ws.readyState === WebSocket.OPEN && random.next() < 0.5) ws.terminate();
          else ws.close();
        }
      };
      const echoes: number[] = [];
      let attacking = true;
      const honest = (async () => {
        while (attacking) {
          echoes.push(...(await assertHonestServed()));
          await delay(100);
        }
      })();
      await Promise.all(recorded.map(attack));
      attacking = false;
      await honest;
      await assertHonestServed();
      await assertUnharmed();
      t.diagnostic(`seed ${seed}: ${sent} frames on ${sockets} sockets, close codes ${JSON.stringify([...codes])}`);
      t.diagnostic(`echo of the honest meanwhile ${showEcho(echoes)} ms, memory ${site.server.rssMb()} MB`);
      const odd = [...codes.keys()].filter(
        (code) => ![1000, 1005, 1006, 1007, 1008, 1009, 4409, 4413, 4205].includes(code),
      );
      assert.deepEqual(odd, []);
    },
  );

  const masked = (opcode: number, length: number[], payload = Buffer.alloc(0)) =>
    Buffer.concat([Buffer.from([opcode, ...length, 0, 0, 0, 0]), payload]);
  const violations: [what: string, bytes: () => Buffer, codes: number[]][] = [
    ['a reserved bit', () => masked(0b1100_0010, [0x80]), [1002]],
    ['a reserved opcode', () => masked(0x83, [0x80]), [1002]],
    ['an unmasked frame', () => Buffer.from([0x82, 0x01, 0x00]), [1002]],
    ['a long control frame', () => masked(0x89, [0xfe, 0x01, 0x00], Buffer.alloc(256)), [1002]],
    ['a control frame in fragments', () => masked(0x09, [0x80]), [1002]],
    ['a continuation of nothing', () => masked(0x80, [0x80]), [1002]],
    ['a close frame of one byte', () => masked(0x88, [0x81], Buffer.from([3])), [1002]],
    ['a close code that does not exist', () => masked(0x88, [0x82], Buffer.from([0x00, 0x05])), [1002]],
    ['text that is no UTF-8', () => masked(0x81, [0x82], Buffer.from([0xff, 0xfe])), [1007, 1008]],
    ['a length of 2^63', () => masked(0x82, [0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), [1009, 1002]],
    ['a frame that claims 1 GB', () => masked(0x82, [0xff, 0, 0, 0, 0, 0x40, 0, 0, 0]), [1009, 4413]],
    ['a text frame', () => masked(0x81, [0x85], Buffer.from('hello')), [1008]],
  ];

  /** Upgrades by hand, sends bytes, and gives the close code the server answers; 1006 when it only hangs up. */
  async function violate(bytes: Buffer | (() => AsyncGenerator<Buffer>)): Promise<number> {
    const [, attacker] = room.students;
    const socket = connect(site.server.port, '127.0.0.1');
    socket.on('error', () => {});
    let received = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
    });
    const address = `/collab/${encodeURIComponent(room.workspace(attacker!))}?token=${attacker!.token}`;
    socket.write(
      `GET ${address} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    );
    await waitFor(() => received.includes('\r\n\r\n'), { what: 'the upgrade' });
    assert.match(received.toString('latin1'), /^HTTP\/1\.1 101/);
    const closed = once(socket, 'close', { signal: AbortSignal.timeout(20_000) });
    if (Buffer.isBuffer(bytes)) socket.write(bytes);
    else for await (const part of bytes()) if (!socket.destroyed) socket.write(part);
    await closed;
    // A close frame with its code is the last thing a server says.
    const at = received.lastIndexOf(0x88);
    return at === -1 || at + 4 > received.length ? 1006 : received.readUInt16BE(at + 2);
  }

  test('[DUR17] M2: violations of the WebSocket protocol end their own socket', { timeout: 45 * 60_000 }, async () => {
    for (const [what, bytes, codes] of violations) {
      const code = await violate(bytes());
      assert.ok(codes.includes(code), `${what}: ${code}`);
      await assertHonestServed();
    }
    // A message in fragments without end.
    const piece = Buffer.alloc(64 * 1024);
    const header = (opcode: number) => masked(opcode, [0xff, 0, 0, 0, 0, 0, 1, 0, 0], piece);
    const code = await violate(async function* () {
      yield header(0x02);
      for (let left = quickOr(100, 1_000); left > 0; left -= 1) {
        yield header(0x00);
        await delay(1);
      }
    });
    // 4413 is for the same person's second frame over the limit.
    assert.ok([1009, 4413, 1006].includes(code), `endless fragments: ${code}`);
    await assertHonestServed();
    await assertUnharmed();
    if (long) assert.ok(site.server.rssMb() < 3_000);
  });
});
