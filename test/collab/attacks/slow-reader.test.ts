import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, test } from 'node:test';
import { waitFor } from '../../support/wait-for.ts';
import { echoTimes, follow, staysWithin } from './echo.ts';
import { awareness, createWriter, readEntries, update } from './frames.ts';
import { startHost } from './host.ts';
import { dropRawSockets, joinRaw } from './raw-socket.ts';

afterEach(dropRawSockets);

const megabyte = 1024 * 1024;

test('[SAFE26] N5: a reader who reads nothing is let go, at a bounded cost, and has everything when it comes back', async (t) => {
  const host = await startHost({ rooms: [{ people: 14, role: 'assistant' }] });
  t.after(() => host.close());
  const [room] = host.rooms as [(typeof host.rooms)[0]];
  const join = (index: number, deaf = false) => joinRaw(host.wsUrl, room.main, room.members[index]!.token, { deaf });
  const [writing, reading] = [await join(0), await join(1)];
  const writers = await Promise.all(Array.from({ length: 8 }, (_, index) => join(4 + index, true)));
  // The class types 5 MB a second; what has been typed goes again, so the document stays small.
  const portion = 64 * 1024;
  const flood = async (megabytes: number) => {
    const all = writers.map((socket) => ({ socket, writer: createWriter({ replace: true }) }));
    for (let sent = 0; sent < megabytes * megabyte; sent += all.length * portion) {
      for (const { socket, writer } of all) socket.send(update(writer.write('w'.repeat(portion))));
      await delay(100);
    }
    await Promise.all(writers.map((socket) => socket.settled(30_000)));
  };
  const echo = () => echoTimes(writing, reading, { count: 150, everyMs: 30 });
  const [earlier] = await Promise.all([echo(), flood(30)]);
  const { rssMegabytes: rssBefore } = await host.stats();

  const slow = await join(3, true);
  slow.ws.pause();
  const [meanwhile] = await Promise.all([echo(), flood(30)]);
  await reading.settled(30_000);
  const { rssMegabytes: rssAfter } = await host.stats();
  t.diagnostic(JSON.stringify({ earlier, meanwhile, rssBefore, rssAfter }));
  assert.deepEqual([writing, reading, ...writers].filter(({ closed }) => closed !== undefined).length, 0);
  let received = 0;
  slow.ws.on('message', (data: Buffer) => {
    received += data.length;
  });
  slow.ws.resume();
  const code = await slow.closing(20_000);
  t.diagnostic(JSON.stringify({ receivedMegabytes: received / megabyte }));
  // Where the number cannot be delivered any more the connection is cut.
  assert.ok(code === 1013 || code === 1006, `${code}`);
  // Of 30 MB it was sent no more than 8 MB of backlog, and what the network had taken.
  assert.ok(received < 24 * megabyte, `${received} bytes`);
  assert.ok(staysWithin(meanwhile, earlier, 1.5), JSON.stringify({ earlier, meanwhile }));

  const back = follow(await join(3), () => {});
  const other = follow(await join(13), () => {});
  await waitFor(() => back.doc.getText('f:main').length > 0);
  assert.equal(back.doc.getText('f:main').toJSON(), other.doc.getText('f:main').toJSON());
  back.end();
  other.end();
});

test('[SAFE27] N5: a reader who is behind loses presence first, keeps its text, and gets presence when it has caught up', async (t) => {
  const people = 40;
  const host = await startHost({ rooms: [{ people: people + 2, role: 'assistant' }] });
  t.after(() => host.close());
  const [room] = host.rooms as [(typeof host.rooms)[0]];
  const join = (index: number, deaf = false) => joinRaw(host.wsUrl, room.main, room.members[index]!.token, { deaf });
  const slow = await join(people);
  slow.ws.pause();
  const typist = await join(people + 1, true);
  const writer = createWriter();
  const crowd = await Promise.all(Array.from({ length: people }, (_, index) => join(index, true)));
  const filling = 'f'.repeat(13_000);
  const rounds = 60;
  let said = 0;
  for (let round = 1; round <= rounds; round += 1) {
    for (const [index, socket] of crowd.entries()) {
      const frame = awareness([{ clientId: 100_000 + index, clock: round, state: JSON.stringify({ round, filling }) }]);
      said += frame.length;
      socket.send(frame);
    }
    if (round % 10 === 0) typist.send(update(writer.write(`${round} `)));
    await delay(75);
  }
  await Promise.all([...crowd, typist].map((socket) => socket.settled(20_000)));
  assert.equal(slow.closed, undefined);

  let received = 0;
  slow.ws.on('message', (data: Buffer) => {
    received += data.length;
  });
  slow.ws.resume();
  const latest = new Map<number, number>();
  const text = follow(slow, () => {});
  // `follow` takes what is heard, so presence is read from the socket itself.
  const take = (data: Buffer) => {
    if (data[0] !== 1) return;
    for (const { clientId, state } of readEntries(payloadOf(data))) {
      if (clientId >= 100_000) latest.set(clientId, (JSON.parse(state) as { round?: number } | null)?.round ?? 0);
    }
  };
  slow.ws.on('message', take);
  await waitFor(() => [...latest.values()].filter((round) => round === rounds).length >= people, {
    withinMs: 20_000,
    what: 'the latest presence of everybody',
  });
  await slow.settled(20_000);
  assert.equal(slow.closed, undefined);
  assert.equal(text.doc.getText('f:main').toJSON(), '60 50 40 30 20 10 ');
  t.diagnostic(JSON.stringify({ saidMegabytes: said / megabyte, receivedMegabytes: received / megabyte }));
  assert.ok(received < said * 0.75, 'presence was left out');
  text.end();
});

/** The awareness update in a frame of the y-websocket endpoint: behind the type and a length. */
function payloadOf(frame: Buffer): Uint8Array {
  let at = 1;
  while (frame[at]! >= 0x80) at += 1;
  return new Uint8Array(frame.subarray(at + 1));
}
