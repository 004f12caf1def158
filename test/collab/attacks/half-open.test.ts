import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, afterEach, before, test } from 'node:test';
import { WebSocket } from 'ws';
import { startLesson } from '../../support/lesson.ts';
import { startProgram, type Program } from '../../support/program.ts';
import { waitFor } from '../../support/wait-for.ts';
import { dropRawSockets, joinRaw } from './raw-socket.ts';

let program: Program;
before(async () => {
  program = await startProgram();
});
afterEach(dropRawSockets);
after(async () => {
  await program.destroy();
});

/** The program takes its time to start on a machine that is busy with other tests. */
const withStart = { timeout: 150_000 };

/** A connection that sends `text`, says nothing more, and notes in seconds when it was ended. */
function halfOpen(text: string) {
  const startedAt = performance.now();
  const socket = connect(program.port, '127.0.0.1');
  const state = { endedAfter: undefined as number | undefined, socket };
  const ended = () => {
    state.endedAfter ??= (performance.now() - startedAt) / 1000;
  };
  socket.on('error', ended);
  socket.on('end', ended);
  socket.on('close', ended);
  socket.resume();
  socket.write(text);
  return state;
}

// First, as it is short: whoever comes first also waits for the program to start.
test('[SAFE1] M2: no path of an upgrade ends the program', withStart, async () => {
  for (const path of [
    '//',
    'http://',
    'http://[',
    '*',
    '/collab/%',
    '/\\',
    '?',
    'x:y',
    '/collab/../..',
    `/${'a'.repeat(12_000)}`,
  ]) {
    const raw = halfOpen(
      `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
    );
    await waitFor(() => raw.endedAfter !== undefined, { what: `${path.slice(0, 40)} to be refused` });
    raw.socket.destroy();
    const { status } = await fetch(`${program.url}/healthz`);
    assert.equal(status, 200, path.slice(0, 40));
  }
});

test('[SAFE17] N6: 500 half-open upgrades and sockets that never authenticate are closed within 10 s, and nobody waits for them', async (t) => {
  const lesson = await startLesson(program.url);
  const { token } = await lesson.collabToken(lesson.teacher);
  const joinTimes = async () => {
    const times: number[] = [];
    for (let index = 0; index < 15; index += 1) {
      const startedAt = performance.now();
      const socket = await joinRaw(program.wsUrl, lesson.main, token);
      times.push(performance.now() - startedAt);
      socket.ws.terminate();
    }
    return times.toSorted((a, b) => a - b)[7]!;
  };
  await joinTimes();
  const quiet = await joinTimes();

  const head = `GET /collab/${lesson.main}?token=${token} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n`;
  const connections = Array.from({ length: 500 }, (_, index) =>
    halfOpen(head.slice(0, index % 5 === 0 ? 0 : head.length - (index % 50))),
  );
  const silent = Array.from({ length: 50 }, () => {
    const startedAt = performance.now();
    const ws = new WebSocket(`${program.wsUrl}/hocuspocus`);
    const state = { endedAfter: undefined as number | undefined, code: 0 };
    // Talks, but never shows a token.
    const talk = setInterval(() => ws.readyState === WebSocket.OPEN && ws.send(Uint8Array.of(9)), 1_000);
    ws.on('error', () => {});
    ws.on('close', (code) => {
      clearInterval(talk);
      Object.assign(state, { endedAfter: (performance.now() - startedAt) / 1000, code });
    });
    return state;
  });
  await waitFor(() => connections.every(({ socket }) => !socket.connecting), { what: 'all to be connected' });
  const meanwhile = await joinTimes();
  const all = [...connections, ...silent];
  await waitFor(() => all.every(({ endedAfter }) => endedAfter !== undefined), {
    withinMs: 20_000,
    what: 'all half-open connections to be closed',
  });
  const longest = Math.max(...all.map(({ endedAfter }) => endedAfter!));
  t.diagnostic(JSON.stringify({ quietMs: quiet, meanwhileMs: meanwhile, longestSeconds: longest }));
  // The machine is shared: two seconds of grace on the clock, 20 ms on the join.
  assert.ok(longest <= 12, `${longest} s`);
  assert.ok(silent.every(({ code }) => code === 4401));
  assert.ok(meanwhile <= quiet * 1.5 + 20, `${meanwhile} ms after ${quiet} ms`);
  for (const { socket } of connections) socket.destroy();
});
