import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { converged, destroyClients, yWebsocketClient } from '../../support/clients.ts';
import { startTestCollab, type TestCollab } from '../../support/collab.ts';
import { addressed, authToken, awareness, createWriter, queryAwareness, read, step1, step2, update } from './frames.ts';
import { attackLesson } from './lesson.ts';
import { dropRawSockets, openRaw, rawUrl, type RawSocket } from './raw-socket.ts';

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

const seed = Number(process.env.LECTERN_SEED ?? 20_261_121);
const perEndpoint = 2_000;
const atOnce = 20;
/** Opening costs a person's budget, and most of the frames end their socket. */
const people = 40;
/**
 * What a broken frame may lead to, whatever it has become; anything else would tell an honest client something wrong.
 * 4205: another of these sockets, which are one person's, has taken its awareness id over.
 */
const allowed = new Set([1007, 1008, 4205, 4401, 4403, 4404, 4409, 4413]);

/** mulberry32: the same numbers for the same seed. */
function createRandom(state: number) {
  let a = state;
  return (below: number) => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}
type Random = ReturnType<typeof createRandom>;

/** One of the ways in which a frame goes wrong. */
function mutate(frame: Uint8Array, others: readonly Uint8Array[], random: Random): Uint8Array {
  const copy = Uint8Array.from(frame);
  const place = () => random(Math.max(1, copy.length));
  switch (random(7)) {
    case 0: {
      for (let flips = 1 + random(4); flips > 0 && copy.length > 0; flips -= 1) copy[place()]! ^= 1 << random(8);
      return copy;
    }
    case 1:
      return copy.subarray(0, place());
    case 2:
      return Uint8Array.from([...copy, ...Array.from({ length: 1 + random(20) }, () => random(256))]);
    case 3: {
      // A number of the format becomes enormous.
      const at = place();
      return Uint8Array.from([...copy.subarray(0, at), 0xff, 0xff, 0xff, 0xff, 0x7f, ...copy.subarray(at + 1)]);
    }
    case 4: {
      const other = others[random(others.length)]!;
      return Uint8Array.from([...copy.subarray(0, place()), ...other.subarray(random(Math.max(1, other.length)))]);
    }
    case 5: {
      const at = place();
      return copy.fill(random(256), at, Math.min(copy.length, at + 1 + random(8)));
    }
    default:
      return Uint8Array.from([...copy.subarray(0, place()), ...copy.subarray(place())]);
  }
}

const fixed: Uint8Array[] = [
  new Uint8Array(0),
  new Uint8Array(64).fill(0xff),
  Uint8Array.of(77, 1, 2, 3),
  Uint8Array.of(0),
  Uint8Array.of(0, 2),
  Uint8Array.of(0, 2, 0xff, 0xff, 0x7f, 1),
  Uint8Array.of(1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f),
];

/** Frames as honest clients send them. */
function realFrames(): Uint8Array[] {
  const writer = createWriter();
  const updates = ['for', ' i in ', '안녕 👩🏽‍💻', '\n'].map((text) => writer.write(text));
  writer.doc.getText('f:main').delete(1, 3);
  return [
    step1(),
    step2(updates[0]!),
    ...updates.map(update),
    awareness([{ clientId: writer.clientId, clock: 1, state: '{"cursor":{"line":1},"user":{"name":"M"}}' }]),
    queryAwareness,
  ];
}

for (const hocuspocus of [false, true]) {
  const endpoint = hocuspocus ? 'Hocuspocus' : 'y-websocket';

  test(`[SAFE1] M1: mutated frames on the ${endpoint} endpoint end their own socket at most (seed ${seed})`, async (t) => {
    const lesson = await attackLesson(lectern);
    const name = lesson.workspace(lesson.student.id);
    const tokens = [lesson.token(lesson.student)];
    while (tokens.length < people) {
      const user = await lectern.user('Mallory');
      await lectern.member(lesson.id, user.id, 'assistant');
      tokens.push(lesson.token(user));
    }
    const token = tokens[0]!;
    const a = yWebsocketClient(lectern.wsUrl, lesson.main, lesson.token(lesson.teacher));
    const b = yWebsocketClient(lectern.wsUrl, lesson.main, lesson.token(lesson.honest));
    await Promise.all([a.synced(), b.synced()]);

    const random = createRandom(seed);
    const real = hocuspocus ? [authToken(token), ...realFrames()].map((body) => addressed(name, body)) : realFrames();
    const frames = [...fixed, ...fixed.map((body) => addressed(name, body))];
    while (frames.length < perEndpoint) {
      const frame = mutate(real[random(real.length)]!, real, random);
      // Type 7, a farewell in the other protocol, is tried by itself in farewell.test.ts.
      if (hocuspocus || frame[0] !== 7) frames.push(frame);
    }

    let opened = 0;
    const open = async (): Promise<RawSocket> => {
      const own = tokens[(opened += 1) % people]!;
      const url = hocuspocus ? `${lectern.wsUrl}/hocuspocus` : rawUrl(lectern.wsUrl, name, own);
      // The frames below carry their own address, so that it can be mutated too.
      const socket = await openRaw(url, hocuspocus ? { hocuspocus: { name, token: own } } : {});
      if (hocuspocus) socket.send(authToken(own));
      return socket;
    };
    const ends: Record<number, number> = {};
    let next = 0;
    const attacker = async () => {
      let socket: RawSocket | undefined;
      while (next < frames.length) {
        const frame = frames[(next += 1) - 1]!;
        socket ??= await open();
        socket.ws.send(frame, () => {});
        const refusedBefore = socket.heard.length;
        // A Hocuspocus client may let go of a document, and then opens it again.
        if (hocuspocus) socket.send(authToken(token));
        const code = await ended(socket);
        const refusal = socket.heard.slice(refusedBefore).find((said) => said.type === 'refused');
        if (refusal !== undefined) assert.ok(allowed.has(Number(refusal.reason)), JSON.stringify(refusal));
        if (code === undefined && refusal === undefined) continue;
        if (code !== undefined) {
          ends[code] = (ends[code] ?? 0) + 1;
          assert.ok(allowed.has(code), `${code} after ${Buffer.from(frame).toString('hex')}`);
        }
        socket.ws.terminate();
        socket = undefined;
      }
    };
    await Promise.all(Array.from({ length: atOnce }, attacker));
    t.diagnostic(`closed: ${JSON.stringify(ends)}`);
    assert.ok((ends[1008] ?? 0) > 100, 'most of what is broken is refused');

    a.text.insert(0, 'still here');
    await converged([a, b], (text) => text === 'still here');
    assert.deepEqual([a.closes, b.closes], [[], []]);
    // What some of the frames have become is text; everybody has the same, before and after a restart.
    const late = yWebsocketClient(lectern.wsUrl, name, lesson.token(lesson.teacher));
    await late.synced();
    const text = await lesson.text(name);
    await converged([late], (current) => current === text);
    await lectern.restart();
    assert.equal(await lesson.text(name), text);
  });
}

/** Waits until the socket has been closed or refused, or has answered what was sent behind the frame. */
async function ended(socket: RawSocket): Promise<number | undefined> {
  const { promise, resolve } = Promise.withResolvers<number | undefined>();
  const onClose = (code: number) => resolve(code);
  const onMessage = (data: Buffer) => {
    try {
      const said = read(new Uint8Array(data), { withAddress: socket.address !== undefined });
      if (said.type === 'step2' || said.type === 'refused') resolve(undefined);
    } catch {
      // A frame for an address that the mutation made.
    }
  };
  if (socket.closed !== undefined) return socket.closed;
  socket.ws.on('close', onClose);
  socket.ws.on('message', onMessage);
  socket.send(step1());
  const late = setTimeout(() => resolve(-1), 10_000);
  const code = await promise;
  clearTimeout(late);
  socket.ws.off('close', onClose);
  socket.ws.off('message', onMessage);
  return code;
}
