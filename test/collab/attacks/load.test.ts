import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { after, afterEach, before, test } from 'node:test';
import { waitFor } from '../../support/wait-for.ts';
import { echoTimes, follow, staysWithin, summary } from './echo.ts';
import { awareness, createWriter, update } from './frames.ts';
import { startHost, type Host, type HostRoom } from './host.ts';
import { dropRawSockets, joinRaw, type RawSocket } from './raw-socket.ts';

/*
 * Real classes, for a few seconds each, as ratios within one run. The clients are light and share this process, so the
 * figures hold their cost as well: they say that nothing breaks, `bench/` says how fast it is.
 */

let host: Host;
let classroom: HostRoom;
let small: HostRoom;
before(async () => {
  host = await startHost({ rooms: [{ people: 302 }, { people: 12 }] });
  [classroom, small] = host.rooms as [HostRoom, HostRoom];
});
afterEach(dropRawSockets);
after(async () => {
  await host.close();
});

/** Everybody of the list joins, 30 at a time. */
async function joinAll(
  tokens: readonly string[],
  document: string,
  options: { acks?: boolean; deaf?: boolean } = { deaf: true },
) {
  const sockets: RawSocket[] = [];
  for (let from = 0; from < tokens.length; from += 30) {
    const some = tokens.slice(from, from + 30).map((token) => joinRaw(host.wsUrl, document, token, options));
    sockets.push(...(await Promise.all(some)));
  }
  return sockets;
}

/** Updates a socket has sent so far: acknowledgements count them all. */
const sentBefore = new WeakMap<RawSocket, number>();

/** Several type at once, evenly spread in time; how long their text takes to a reader, and into the database. */
async function typeTogether(
  typists: readonly RawSocket[],
  reader: RawSocket,
  options: { perSecond: number; seconds: number },
) {
  const echoes: number[] = [];
  const saved: number[] = [];
  const hands = typists.map((socket) => ({
    socket,
    writer: createWriter(),
    sentAt: [] as number[],
    seen: 0,
    stored: 0,
    base: sentBefore.get(socket) ?? 0,
  }));
  const byClient = new Map(hands.map((hand) => [hand.writer.clientId, hand]));
  const following = follow(reader, (clientId, clock) => {
    const hand = byClient.get(clientId);
    if (hand === undefined) return;
    for (; hand.seen < clock; hand.seen += 1) echoes.push(performance.now() - hand.sentAt[hand.seen]!);
  });
  const listeners = hands.map((hand) => () => {
    for (const said of hand.socket.heard.splice(0)) {
      if (said.type !== 'stored') continue;
      for (; hand.base + hand.stored < said.count; hand.stored += 1)
        saved.push(performance.now() - hand.sentAt[hand.stored]!);
    }
  });
  for (const [index, { socket }] of hands.entries()) socket.ws.on('message', listeners[index]!);
  const rounds = options.perSecond * options.seconds;
  await Promise.all(
    hands.map(async ({ socket, writer, sentAt }, index) => {
      await delay((1_000 / options.perSecond) * (index / hands.length));
      for (let round = 0; round < rounds; round += 1) {
        sentAt.push(performance.now());
        socket.send(update(writer.write('t')));
        await delay(1_000 / options.perSecond);
      }
    }),
  );
  const all = rounds * hands.length;
  await waitFor(() => echoes.length === all && saved.length === all, {
    withinMs: 30_000,
    what: 'every key to be echoed and stored',
  });
  following.end();
  for (const [index, { socket, base }] of hands.entries()) {
    socket.ws.off('message', listeners[index]!);
    sentBefore.set(socket, base + rounds);
  }
  return { echo: summary(echoes), saved: summary(saved) };
}

test('[SAFE31] L1: 300 in one document, 30 of them typing', async (t) => {
  const smallTypists = await joinAll(
    small.members.slice(0, 3).map(({ token }) => token),
    small.main,
    { acks: true },
  );
  await joinAll(
    small.members.slice(3, 9).map(({ token }) => token),
    small.main,
  );
  const smallReader = await joinRaw(host.wsUrl, small.main, small.teacher);
  await typeTogether(smallTypists, smallReader, { perSecond: 5, seconds: 1 });
  const ten = await typeTogether(smallTypists, smallReader, { perSecond: 5, seconds: 4 });

  const typists = await joinAll(
    classroom.members.slice(0, 30).map(({ token }) => token),
    classroom.main,
    { acks: true },
  );
  await joinAll(
    classroom.members.slice(30, 299).map(({ token }) => token),
    classroom.main,
  );
  const reader = await joinRaw(host.wsUrl, classroom.main, classroom.teacher);
  await host.stats();
  const all = await typeTogether(typists, reader, { perSecond: 5, seconds: 5 });
  const { lagP99Ms, rssMegabytes } = await host.stats();
  t.diagnostic(JSON.stringify({ ten, all, lagP99Ms, rssMegabytes }));
  assert.equal(all.echo.count, 750);
  // 100 ms on a quiet machine; thirty times the readers and ten times the typing may cost something on a busy one.
  assert.ok(all.echo.p95 <= Math.max(300, ten.echo.p95 * 5), JSON.stringify({ ten, all }));
  assert.ok(all.saved.p95 <= Math.max(1_500, ten.saved.p95 * 5), JSON.stringify({ ten, all }));
});

test('[SAFE32] L3: 300 people join within 5 s, each two cold documents: one read for each, and nobody is turned away', async (t) => {
  const main = await joinRaw(host.wsUrl, classroom.main, classroom.teacher);
  main.send(update(createWriter().write('c'.repeat(100_000))));
  await main.settled();
  const filled = classroom.members.slice(0, 40);
  for (const { token, workspace } of filled) {
    const socket = await joinRaw(host.wsUrl, workspace, token);
    socket.send(update(createWriter().write('some work of yesterday')));
    await socket.settled();
    socket.ws.terminate();
  }
  main.ws.terminate();
  await host.restart();
  await host.stats();

  const times: number[] = [];
  const sockets: RawSocket[] = [];
  const join = async (document: string, token: string) => {
    const startedAt = performance.now();
    sockets.push(await joinRaw(host.wsUrl, document, token, { deaf: true }));
    times.push(performance.now() - startedAt);
  };
  const startedAt = performance.now();
  await Promise.all(
    classroom.members.slice(0, 300).map(async ({ token, workspace }, index) => {
      await delay((5_000 / 300) * index);
      await Promise.all([join(classroom.main, token), join(workspace, token)]);
    }),
  );
  const seconds = (performance.now() - startedAt) / 1000;
  const { reads, queries, lagP99Ms, rssMegabytes } = await host.stats();
  t.diagnostic(JSON.stringify({ join: summary(times), seconds, queries, lagP99Ms, rssMegabytes }));
  assert.equal(sockets.filter(({ closed }) => closed !== undefined).length, 0);
  assert.ok(seconds <= 20, `${seconds} s`);
  const repeated = Object.entries(reads).filter(([, count]) => count > 1);
  assert.deepEqual(repeated.slice(0, 5), [], `${repeated.length} documents were read more than once`);
  assert.equal(reads[classroom.main], 1);
  assert.ok(filled.every(({ workspace }) => reads[workspace] === 1));
});

test('[SAFE32] L4: 300 people whom the server lost come back all at once, and nobody is turned away or banned', async (t) => {
  const tokens = classroom.members.slice(0, 300).map(({ token }) => token);
  for (const round of [1, 2]) {
    const crowd = await joinAll(tokens, classroom.main);
    await host.restart();
    await waitFor(() => crowd.every(({ closed }) => closed !== undefined), { withinMs: 10_000 });
    assert.ok(crowd.every(({ closed }) => closed === 1012));
    const startedAt = performance.now();
    const back = await Promise.all(tokens.map((token) => joinRaw(host.wsUrl, classroom.main, token, { deaf: true })));
    const seconds = (performance.now() - startedAt) / 1000;
    const { reads } = await host.stats();
    t.diagnostic(JSON.stringify({ round, seconds, reads: reads[classroom.main] }));
    assert.ok(seconds <= 15, `${seconds} s`);
    assert.ok((reads[classroom.main] ?? 0) <= 1);
    assert.ok(back.every(({ closed }) => closed === undefined));
    dropRawSockets();
  }
});

test('[SAFE33] L5: 300 cursors that move ten times a second are gathered, and text is not held up', async (t) => {
  const writing = await joinRaw(host.wsUrl, classroom.main, classroom.members[300]!.token);
  const reading = await joinRaw(host.wsUrl, classroom.main, classroom.members[301]!.token);
  const crowd = await joinAll(
    classroom.members.slice(0, 300).map(({ token }) => token),
    classroom.main,
  );
  await delay(1_000);
  await echoTimes(writing, reading, { count: 20, everyMs: 10 });
  const quiet = await echoTimes(writing, reading, { count: 60, everyMs: 20 });
  let frames = 0;
  let bytes = 0;
  reading.ws.on('message', (data: Buffer) => {
    if (data[0] !== 1) return;
    frames += 1;
    bytes += data.length;
  });
  let going = true;
  const move = async (socket: RawSocket, index: number) => {
    await delay(index % 100);
    for (let clock = 1; going; clock += 1) {
      const state = JSON.stringify({ cursor: { line: clock, column: index }, user: { name: 'Somebody' } });
      socket.send(awareness([{ clientId: 200_000 + index, clock, state }]));
      await delay(100);
    }
  };
  const moving = Promise.all(crowd.map(move));
  await delay(500);
  frames = 0;
  bytes = 0;
  const startedAt = performance.now();
  await host.stats();
  const meanwhile = await echoTimes(writing, reading, { count: 120, everyMs: 20 });
  const seconds = (performance.now() - startedAt) / 1000;
  const { lagP99Ms } = await host.stats();
  const perSecond = { frames: Math.round(frames / seconds), kilobytes: Math.round(bytes / seconds / 1024) };
  going = false;
  await moving;
  t.diagnostic(JSON.stringify({ quiet, meanwhile, perSecond, lagP99Ms }));
  // 3,000 moves a second happen.
  assert.ok(perSecond.frames <= 30, `${perSecond.frames} frames a second`);
  assert.ok(perSecond.frames > 0);
  // The clients of this process read all of that, so the bound is loose.
  assert.ok(staysWithin(meanwhile, quiet, 3) || meanwhile.p95 < 150, JSON.stringify({ quiet, meanwhile }));
  assert.ok(crowd.every(({ closed }) => closed === undefined));
});
