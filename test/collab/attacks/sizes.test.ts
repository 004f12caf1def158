import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { after, afterEach, before, test } from 'node:test';
import { converged, destroyClients, yWebsocketClient } from '../../support/clients.ts';
import { startTestCollab, type TestCollab } from '../../support/collab.ts';
import { waitFor } from '../../support/wait-for.ts';
import { echoTimes, staysWithin } from './echo.ts';
import { createWriter, update } from './frames.ts';
import { startHost } from './host.ts';
import { attackLesson } from './lesson.ts';
import { dropRawSockets, joinRaw, openRaw, rawUrl } from './raw-socket.ts';

let lectern: TestCollab;
before(async () => {
  lectern = await startTestCollab();
});
afterEach(() => {
  dropRawSockets();
  destroyClients();
});
after(async () => {
  await lectern.close();
});

const megabyte = 1024 * 1024;

for (const hocuspocus of [false, true]) {
  const endpoint = hocuspocus ? 'Hocuspocus' : 'y-websocket';

  test(`[SAFE14] M8: a frame over 4 MiB on the ${endpoint} endpoint is 1009, and 4413 when it comes again`, async () => {
    const lesson = await attackLesson(lectern);
    const a = yWebsocketClient(lectern.wsUrl, lesson.main, lesson.token(lesson.teacher));
    await a.synced();
    const tooLarge = new Uint8Array(4 * megabyte + 1);
    const send = async (who: typeof lesson.student, document = lesson.main) => {
      const socket = await joinRaw(lectern.wsUrl, document, lesson.token(who), { hocuspocus });
      socket.send(tooLarge);
      return socket.closing(10_000);
    };
    assert.equal(await send(lesson.student), 1009);
    // Another person and, for the same person, another document have their own first time.
    assert.equal(await send(lesson.honest), 1009);
    assert.equal(await send(lesson.student), 4413);
    if (!hocuspocus) assert.equal(await send(lesson.student, lesson.workspace(lesson.student.id)), 1009);
    a.text.insert(0, 'alive');
    await waitFor(async () => (await lesson.text()) === 'alive');
    assert.deepEqual(a.closes, []);
  });
}

test('[SAFE15] M8: frames of 95 and 120 MB are refused by their header: nothing is kept for them', async (t) => {
  const host = await startHost({ rooms: [{ people: 3 }] });
  t.after(() => host.close());
  const [room] = host.rooms as [(typeof host.rooms)[0]];
  const writing = await joinRaw(host.wsUrl, room.main, room.teacher);
  const reading = await joinRaw(host.wsUrl, room.main, room.members[0]!.token);
  await echoTimes(writing, reading, { count: 20, everyMs: 10 });
  const quiet = await echoTimes(writing, reading, { count: 60, everyMs: 15 });
  const earlier = await host.stats();
  const { port } = new URL(host.wsUrl);
  /** Says so many bytes and sends them until the server has had enough; gives how many it sent. */
  const pretend = async (claims: number) => {
    const socket = connect(Number(port), '127.0.0.1');
    let heard = Buffer.alloc(0);
    let ended = false;
    socket.on('error', () => {});
    socket.on('data', (data) => {
      heard = Buffer.concat([heard, data]);
    });
    for (const event of ['end', 'close']) socket.on(event, () => void (ended = true));
    const lines = ['Host: x', 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'];
    const key = `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`;
    const path = `/collab/${encodeURIComponent(room.main)}?token=${room.members[1]!.token}`;
    socket.write(`GET ${path} HTTP/1.1\r\n${[...lines, key].join('\r\n')}\r\n\r\n`);
    const header = Buffer.alloc(14);
    header.set([0x82, 0xff]);
    header.writeBigUInt64BE(BigInt(claims), 2);
    socket.write(header);
    const chunk = Buffer.alloc(256 * 1024);
    let sent = 0;
    while (!ended && sent < claims) {
      sent += chunk.length;
      // As fast as the server takes it.
      if (!socket.write(chunk)) await waitFor(() => ended || !socket.writableNeedDrain, { withinMs: 15_000 });
    }
    await waitFor(() => ended, { withinMs: 15_000, what: 'the connection to be ended' });
    // A close frame of two bytes and a reason, the number first.
    const close = [1009, 4413].some((code) =>
      heard.includes(Buffer.of(code >> 8, code & 255), heard.indexOf('\r\n\r\n')),
    );
    assert.ok(close, 'closed with 1009 or 4413');
    socket.destroy();
    return sent;
  };
  const attack = async () => {
    const sent: number[] = [];
    for (const claims of [95, 120, 95, 120]) sent.push(await pretend(claims * 1_000_000));
    return sent;
  };
  const [meanwhile, sent] = await Promise.all([echoTimes(writing, reading, { count: 60, everyMs: 15 }), attack()]);
  const { rssMegabytes } = await host.stats();
  t.diagnostic(JSON.stringify({ quiet, meanwhile, earlier: earlier.rssMegabytes, rssMegabytes, sent }));
  assert.ok(rssMegabytes - earlier.rssMegabytes < 64, `${rssMegabytes} MB after ${earlier.rssMegabytes}`);
  assert.ok(staysWithin(meanwhile, quiet, 1.5), JSON.stringify({ quiet, meanwhile }));
});

test('[SAFE16] M8: of 200 pastes of 1 MB by a student 1 MiB gets into the document that others write too', async () => {
  const lesson = await attackLesson(lectern);
  const teacher = yWebsocketClient(lectern.wsUrl, lesson.main, lesson.token(lesson.teacher));
  await teacher.synced();
  const token = lesson.token(lesson.student);
  const codes: number[] = [];
  for (let paste = 0; paste < 200; paste += 1) {
    const socket = await openRaw(rawUrl(lectern.wsUrl, lesson.main, token));
    socket.send(update(createWriter().write('p'.repeat(megabyte - 1_000))));
    const code = await socket.settled(20_000);
    if (code !== undefined) codes.push(code);
    socket.ws.terminate();
    // The others would show nothing new, and whoever comes back with what was refused is made to wait longer each time.
    if (codes.length === 4) break;
  }
  assert.deepEqual(
    codes,
    Array.from({ length: 4 }, () => 4413),
  );
  const length = (await lesson.text()).length;
  assert.ok(length > 0 && length <= megabyte, `${length} characters`);

  // Small portions add up.
  const portions = await openRaw(rawUrl(lectern.wsUrl, lesson.main, lesson.token(lesson.honest)));
  await portions.join();
  const writer = createWriter();
  for (let sent = 0; sent < 40 && portions.closed === undefined; sent += 1) {
    portions.send(update(writer.write('q'.repeat(50_000))));
    await portions.settled(20_000);
  }
  assert.equal(await portions.closing(), 4413);

  // The teacher has the document's whole room, and those who are at their limit can still delete.
  teacher.text.insert(0, 't'.repeat(2 * megabyte));
  await waitFor(async () => (await lesson.text()).startsWith('ttt'), { withinMs: 10_000 });
  assert.deepEqual(teacher.closes, []);
  const student = yWebsocketClient(lectern.wsUrl, lesson.main, token);
  await student.synced();
  student.text.delete(0, student.text.length);
  await waitFor(async () => (await lesson.text()) === '', { withinMs: 10_000, what: 'the deletion' });
  assert.deepEqual(student.closes, []);
});

test('[SAFE16] M8: in a workspace a student writes up to the limit of the document', async () => {
  const lesson = await attackLesson(lectern, 'practice');
  const own = lesson.workspace(lesson.student.id);
  const student = yWebsocketClient(lectern.wsUrl, own, lesson.token(lesson.student));
  const teacher = yWebsocketClient(lectern.wsUrl, own, lesson.token(lesson.teacher));
  await Promise.all([student.synced(), teacher.synced()]);
  for (let part = 1; part <= 3; part += 1) {
    student.text.insert(0, 's'.repeat(megabyte));
    await converged([student, teacher], (text) => text.length === part * megabyte);
  }
  assert.deepEqual([student.closes, teacher.closes], [[], []]);
});
