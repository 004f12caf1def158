import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { after, afterEach, before, test } from 'node:test';
import type * as Y from 'yjs';
import { converged, destroyClients, hocuspocusClient, yWebsocketClient } from '../../support/clients.ts';
import { startTestCollab, type TestCollab } from '../../support/collab.ts';
import { waitFor } from '../../support/wait-for.ts';
import { attackLesson } from './lesson.ts';
import { readerBehindProxy } from './reader-behind-proxy.ts';

let lectern: TestCollab;
before(async () => {
  lectern = await startTestCollab();
});
afterEach(destroyClients);
after(async () => {
  await lectern.close();
});

const soonMs = 1_500;

test('[SAFE23] A12: a student demoted while typing stops being heard within a second, and what was typed meanwhile stays out', async () => {
  const lesson = await attackLesson(lectern);
  const teacher = yWebsocketClient(lectern.wsUrl, lesson.main, lesson.token(lesson.teacher));
  const token = lesson.token(lesson.student);
  const typists = [
    yWebsocketClient(lectern.wsUrl, lesson.main, token),
    hocuspocusClient(lectern.wsUrl, lesson.main, lesson.token(lesson.honest)),
  ];
  await Promise.all([teacher, ...typists].map((client) => client.synced()));
  let typed = 0;
  const typing = setInterval(() => {
    typed += 1;
    for (const [index, client] of typists.entries()) client.text.insert(0, `<${index}:${typed}>`);
  }, 20);
  try {
    await waitFor(() => teacher.text.toJSON().includes('<0:5>') && teacher.text.toJSON().includes('<1:5>'));
    await lesson.setMode('lecture');
    await delay(1_000);
    const heard = teacher.text.toJSON();
    const marker = typed;
    // They come back as readers, and go on typing into their own copies.
    await waitFor(() => typed > marker + 50);
    for (const client of typists) await client.synced();
    await waitFor(() => typed > marker + 100);
    assert.equal(teacher.text.toJSON(), heard);
    assert.equal(await lesson.text(), heard);
    // Nothing more of theirs comes when they may write again, but they start from what is there.
    await lesson.setMode('free');
    const [first] = typists;
    await waitFor(() => first!.closes.includes(4409), { withinMs: soonMs, what: 'the socket to be told 4409' });
    clearInterval(typing);
    await delay(300);
    assert.equal(teacher.text.toJSON(), heard);
    const fresh = yWebsocketClient(lectern.wsUrl, lesson.main, token);
    await fresh.synced();
    fresh.text.insert(0, 'afresh ');
    await converged([teacher, fresh], (text) => text === `afresh ${heard}`);
    assert.deepEqual(teacher.closes, []);
  } finally {
    clearInterval(typing);
  }
});

const spoil = {
  typing: (text: Y.Text) => text.insert(0, 'REFUSED '),
  deleting: (text: Y.Text) => text.delete(0, 5),
  'typing and deleting': (text: Y.Text) => {
    text.insert(0, 'REFUSED ');
    text.delete(10, 3);
  },
};

for (const [what, change] of Object.entries(spoil)) {
  test(`[SAFE24] A12: after ${what} in vain, and a cut network, a stock client gets 4409 when it may write`, async (t) => {
    const lesson = await attackLesson(lectern, 'lecture');
    const teacher = yWebsocketClient(lectern.wsUrl, lesson.main, lesson.token(lesson.teacher));
    await teacher.synced();
    teacher.text.insert(0, 'what the teacher has written');
    const { proxy, reader } = await readerBehindProxy(t, lectern, lesson);
    await converged([teacher, reader], (text) => text.startsWith('what the teacher'));
    change(reader.text);
    // The server has refused it before the network goes.
    teacher.text.insert(teacher.text.length, '!');
    await waitFor(() => reader.text.toJSON().endsWith('!'));
    await proxy.cut();
    await waitFor(() => !reader.provider.wsconnected, { what: 'the client to notice' });
    await lesson.setMode('free');
    await proxy.restore();
    await waitFor(() => reader.closes.includes(4409), { withinMs: 10_000, what: 'the client to be told 4409' });
    assert.equal(await lesson.text(), 'what the teacher has written!');
    assert.equal(teacher.text.toJSON(), 'what the teacher has written!');

    // The page then starts afresh; the same token and session, nothing old.
    const fresh = yWebsocketClient(lectern.wsUrl, lesson.main, lesson.token(lesson.student));
    await fresh.synced();
    fresh.text.delete(0, 5);
    await converged([teacher, fresh], (text) => text === 'the teacher has written!');
    assert.deepEqual([fresh.closes, teacher.closes], [[], []]);
  });
}
