import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, afterEach, before, test } from 'node:test';
import { startTestCollab, type TestCollab } from '../../support/collab.ts';
import { waitFor } from '../../support/wait-for.ts';
import { attackLesson } from './lesson.ts';
import { dropRawSockets, joinRaw } from './raw-socket.ts';

let lectern: TestCollab;
before(async () => {
  lectern = await startTestCollab();
});
afterEach(dropRawSockets);
after(async () => {
  await lectern.close();
});

test('[SAFE11] M9: paths that no URL library would send', async () => {
  const lesson = await attackLesson(lectern);
  const token = lesson.token(lesson.teacher);
  const { port } = new URL(lectern.wsUrl);
  const paths = [
    '/collab',
    '/collab/',
    '/collab/..',
    '/collab/%',
    '/collab/%zz',
    '/collab/%00',
    '/collab/%2e%2e%2f',
    '/collab/%ff%fe',
    `/collab//c:${lesson.id}:main`,
    `/collab/c:${lesson.id}:main/`,
    `/collab/c:${lesson.id}:main%00`,
    `//collab/c:${lesson.id}:main`,
    'http://',
    '//',
    '*',
  ];
  for (const path of paths) {
    const socket = connect(Number(port), '127.0.0.1');
    let received = Buffer.alloc(0);
    let gone = false;
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      gone = true;
    });
    const lines = ['Host: x', 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'];
    const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==';
    socket.write(`GET ${path}?token=${token} HTTP/1.1\r\n${[...lines, key].join('\r\n')}\r\n\r\n`);
    // 4404 is 0x11 0x34. A path that is not ours is cut by this server.
    await waitFor(
      () => gone || received.includes(Buffer.of(0x11, 0x34)) || received.toString('latin1').startsWith('HTTP/1.1 4'),
      {
        what: `${path} to be refused`,
      },
    );
    const opened = received.toString('latin1').startsWith('HTTP/1.1 101');
    assert.ok(!opened || received.includes(Buffer.of(0x11, 0x34)), path);
    socket.destroy();
  }
  const alive = await joinRaw(lectern.wsUrl, lesson.main, token);
  assert.equal(alive.closed, undefined);
});
