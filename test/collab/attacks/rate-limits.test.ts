import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { after, afterEach, before, test } from 'node:test';
import { waitFor } from '../../support/wait-for.ts';
import { echoTimes, follow, staysWithin } from './echo.ts';
import { createWriter, step1, update } from './frames.ts';
import { startHost, type Host, type HostRoom } from './host.ts';
import { dropRawSockets, joinRaw, openRaw, rawUrl, type RawSocket } from './raw-socket.ts';

let host: Host;
let room: HostRoom;
before(async () => {
  host = await startHost({ rooms: [{ people: 24, role: 'assistant' }] });
  room = host.rooms[0]!;
});
afterEach(dropRawSockets);
after(async () => {
  await host.close();
});

/** Each test has people of its own: budgets are remembered. */
let taken = 0;
function nextPerson() {
  taken += 1;
  return room.members[taken - 1]!;
}

async function pair(): Promise<{
  writing: RawSocket;
  reading: RawSocket;
  echo: (count: number) => ReturnType<typeof echoTimes>;
}> {
  const [writing, reading] = await Promise.all(
    [nextPerson(), nextPerson()].map(({ token }) => joinRaw(host.wsUrl, room.main, token)),
  );
  const echo = (count: number) => echoTimes(writing!, reading!, { count, everyMs: 20 });
  await echo(20);
  return { writing: writing!, reading: reading!, echo };
}

/** Somebody who floods two documents, and how much of it is in the database. */
async function flooder() {
  const { token, workspace } = nextPerson();
  const { workspace: other } = nextPerson();
  const sockets = await Promise.all([workspace, other].map((name) => joinRaw(host.wsUrl, name, token, { acks: true })));
  const counted = ({ heard }: RawSocket) =>
    heard.reduce((most, said) => (said.type === 'stored' ? Math.max(most, said.count) : most), 0);
  return { sockets, stored: () => sockets.reduce((sum, socket) => sum + counted(socket), 0) };
}

const floods = [
  { what: '2,000 frames a second', frames: 4_000, perTurn: 20, length: 1 },
  { what: '20 MB a second', frames: 600, perTurn: 5, length: 40_000 },
];

for (const { what, frames, perTurn, length } of floods) {
  test(`[SAFE28] a person who floods with ${what} is slowed, loses nothing, and the others do not notice`, async (t) => {
    const { echo } = await pair();
    const quiet = await echo(60);
    const { sockets, stored } = await flooder();
    const writers = sockets.map(() => createWriter({ replace: true }));
    // Made beforehand: this process has to listen to the others meanwhile.
    const made = Array.from({ length: frames }, (_, index) => update(writers[index % 2]!.write('f'.repeat(length))));
    const closed = () => sockets.find((socket) => socket.closed !== undefined)?.closed;
    const flood = async () => {
      for (const [index, frame] of made.entries()) {
        sockets[index % 2]!.send(frame);
        if (index % perTurn === perTurn - 1) await delay(10);
      }
    };
    const startedAt = performance.now();
    await host.stats();
    const [meanwhile] = await Promise.all([echo(80), flood()]);
    const early = stored();
    const { lagP99Ms } = await host.stats();
    await waitFor(() => closed() !== undefined || stored() === frames, {
      withinMs: 45_000,
      what: 'everything to be stored',
    });
    const seconds = (performance.now() - startedAt) / 1000;
    t.diagnostic(JSON.stringify({ quiet, meanwhile, earlyPart: early / frames, seconds, lagP99Ms }));
    assert.equal(closed(), undefined);
    assert.ok(early < frames * 0.9, 'it was slowed');
    assert.ok(staysWithin(meanwhile, quiet, 1.5), JSON.stringify({ quiet, meanwhile }));
  });
}

test('[SAFE29] bursts of 200 frames a second and of 1.5 MB a second pass untouched', async (t) => {
  const { writing, echo, reading } = await pair();
  const quiet = await echo(60);
  const many = await echoTimes(writing, reading, { count: 800, everyMs: 4 });
  // 50 × 30 kB a second, for four seconds.
  const { token, workspace } = nextPerson();
  const large = await joinRaw(host.wsUrl, workspace, token, { deaf: true });
  const watcher = await joinRaw(host.wsUrl, workspace, room.teacher);
  const writer = createWriter({ replace: true });
  const delays: number[] = [];
  const sentAt = new Map<number, number>();
  const following = follow(watcher, (clientId, clock) => {
    const at = sentAt.get(clock);
    if (clientId === writer.clientId && at !== undefined) delays.push(performance.now() - at);
  });
  for (let sent = 0; sent < 200; sent += 1) {
    const frame = update(writer.write('f'.repeat(30_000)));
    sentAt.set(writer.clock, performance.now());
    large.send(frame);
    await delay(20);
  }
  await waitFor(() => watcher.closed !== undefined || following.doc.getText('f:main').length === 30_000);
  await large.settled();
  const slowest = Math.max(...delays);
  t.diagnostic(JSON.stringify({ quiet, many, slowestLargeMs: slowest }));
  assert.ok(staysWithin(many, quiet, 2), JSON.stringify({ quiet, many }));
  // Whoever is held back waits for seconds.
  assert.ok(slowest < 1_000, `${slowest} ms`);
  following.end();
});

test('[SAFE28] a person who asks for the whole document again and again does not make the others wait', async (t) => {
  const { echo } = await pair();
  const quiet = await echo(60);
  const { token, workspace } = nextPerson();
  const filler = await joinRaw(host.wsUrl, workspace, token, { deaf: true });
  // 600 kB in 20,000 pieces that cannot be joined.
  const writer = createWriter();
  writer.doc.transact(() => {
    for (let index = 0; index < 20_000; index += 1)
      writer.doc.getText('f:main').insert(index % 2 === 0 ? 0 : index >> 1, 'thirty characters of this line');
  });
  filler.send(update(writer.write('!')));
  assert.equal(await filler.settled(20_000), undefined);
  const asking = await joinRaw(host.wsUrl, workspace, token, { deaf: true });
  let going = true;
  const ask = async () => {
    for (let round = 0; going && asking.closed === undefined; round += 1) {
      // Each time from another state, so that no answer can be kept for the next.
      for (let each = 0; each < 10; each += 1)
        asking.send(step1(Uint8Array.of(1, 0x80 + each, 0x80 + (round & 0x7f), 0x40, round & 0x7f)));
      await delay(5);
    }
  };
  const asked = ask();
  const meanwhile = await echo(80);
  going = false;
  await asked;
  t.diagnostic(JSON.stringify({ quiet, meanwhile, closed: asking.closed }));
  assert.ok(staysWithin(meanwhile, quiet, 2), JSON.stringify({ quiet, meanwhile }));
});

test('[SAFE30] a client that ignores close codes and comes back at once is slowed, by person and not by address', async (t) => {
  const outsider = nextPerson();
  const honest = Array.from({ length: 5 }, () => nextPerson());
  const loops: [what: string, url: string, code: number][] = [
    ['4401', rawUrl(host.wsUrl, room.main, 'not-a-token'), 4401],
    ['4403', rawUrl(host.wsUrl, 'c:elsewhere:main', outsider.token), 4403],
    ['4404', rawUrl(host.wsUrl, 'no-such-name', outsider.token), 4404],
  ];
  const until = performance.now() + 6_000;
  const hammer = async ([what, url, code]: (typeof loops)[number]) => {
    let attempts = 0;
    while (performance.now() < until) {
      const socket = await openRaw(url);
      assert.equal(await socket.closing(20_000), code);
      attempts += 1;
    }
    return [what, attempts] as const;
  };
  const joinTimes: number[] = [];
  const come = async () => {
    while (performance.now() < until) {
      for (const { token, workspace } of honest) {
        const startedAt = performance.now();
        const socket = await joinRaw(host.wsUrl, workspace, token);
        joinTimes.push(performance.now() - startedAt);
        socket.ws.terminate();
      }
      await delay(1_000);
    }
  };
  const [attempts] = await Promise.all([Promise.all(loops.map(hammer)), come()]);
  const slowest = Math.max(...joinTimes);
  t.diagnostic(JSON.stringify({ attempts, joins: joinTimes.length, slowestJoinMs: slowest }));
  // y-websocket 1.5 comes nine times a second; this loop, unhindered, hundreds of times.
  for (const [what, count] of attempts) assert.ok(count <= 20, `${what}: ${count} attempts`);
  assert.ok(slowest < 1_000, `${slowest} ms`);
  // The same person is at once let in where it is allowed.
  const startedAt = performance.now();
  await joinRaw(host.wsUrl, room.main, outsider.token);
  assert.ok(performance.now() - startedAt < 1_000);
});
