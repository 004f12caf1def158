import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import * as Y from 'yjs';
import type { StockClient } from '../support/clients.ts';
import { createRandom } from '../support/random.ts';
import { openTcpProxy } from '../support/tcp-proxy.ts';
import { createLedger } from '../support/token-checker.ts';
import { waitFor } from '../support/wait-for.ts';
import { mutate } from './mutate.ts';

/** An echo server behind a proxy, and a client of it that counts what comes back. */
async function openEcho(t: TestContext) {
  const accepted: Socket[] = [];
  const server = createServer((socket) => {
    accepted.push(socket);
    socket.on('error', () => {});
    socket.pipe(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxy = await openTcpProxy({ host: '127.0.0.1', port: (server.address() as AddressInfo).port });
  const client = connect(proxy.port, '127.0.0.1');
  client.on('error', () => {});
  let text = '';
  client.on('data', (chunk) => {
    text += String(chunk);
  });
  await waitFor(() => accepted.length === 1);
  t.after(async () => {
    client.destroy();
    await proxy.close();
    for (const socket of accepted) socket.destroy();
    server.close();
  });
  return { proxy, client, accepted, text: () => text };
}

test('[DUR18] the proxy delays, holds back, slows down, swallows and cuts, each way by itself', async (t) => {
  const { proxy, client, accepted, text } = await openEcho(t);
  client.write('a');
  await waitFor(() => text() === 'a');

  proxy.up.delay(300);
  const startedAt = performance.now();
  client.write('b');
  await waitFor(() => text() === 'ab');
  assert.ok(performance.now() - startedAt >= 299);

  proxy.up.calm();
  proxy.down.pause();
  client.write('c');
  await delay(100);
  assert.equal(text(), 'ab');
  proxy.down.calm();
  await waitFor(() => text() === 'abc');

  proxy.down.throttle(1_000);
  const slowFrom = performance.now();
  client.write('d'.repeat(500));
  await waitFor(() => text().length === 503);
  assert.ok(performance.now() - slowFrom >= 400);
  proxy.down.calm();

  proxy.up.drop();
  client.write('e');
  await delay(100);
  proxy.up.calm();
  client.write('f');
  await waitFor(() => text().endsWith('df'));

  // An end is swallowed like everything else: the server keeps a socket to nobody.
  proxy.up.drop();
  client.destroy();
  await delay(100);
  assert.equal(accepted[0]!.destroyed, false);
  proxy.up.calm();
  await waitFor(() => accepted[0]!.destroyed, { what: 'the end to arrive after all' });
});

test('[DUR18] the proxy breaks a connection after as many bytes as it was told', async (t) => {
  const { proxy, client, text } = await openEcho(t);
  client.write('0123456789');
  await waitFor(() => text().length === 10);
  proxy.down.truncateAfter(3);
  client.write('abcdef');
  await once(client, 'close');
  assert.equal(text(), '0123456789abc');
});

test('[DUR18] the checker finds what is lost and what is doubled, and asks only for what was promised', () => {
  const [ours, theirs] = [new Y.Doc(), new Y.Doc()];
  const text = (doc: Y.Doc) => doc.getText('f:main');
  const ledger = createLedger(createRandom(1));
  ledger.watch({ text: text(theirs) } as StockClient);
  text(ours).insert(0, '<00000001><00000002>');
  assert.deepEqual(ledger.judge(''), { lost: [], doubled: [] });
  Y.applyUpdate(theirs, Y.encodeStateAsUpdate(ours));
  assert.deepEqual(ledger.counts(), { typed: 0, seen: 2, acknowledged: 0, promised: 2 });
  assert.deepEqual(ledger.judge('<00000002>').lost, ['<00000001>']);
  assert.deepEqual(ledger.judge('<00000002><00000001><00000002>').doubled, ['<00000002>']);
  assert.throws(() => ledger.check('<00000001>', 'a replica'), /a replica: 1 promised tokens are lost/);
  assert.throws(() => ledger.check('<00000001><00000001><00000002>', 'a replica'), /1 tokens are doubled/);
  ledger.check('<00000001><00000002>', 'a replica');
});

test('[DUR18] a seed brings the same faults again', () => {
  const corpus = [Uint8Array.of(0, 2, 5, 1, 2, 3, 4, 5), Uint8Array.of(1, 3, 9, 9, 9)];
  const frames = (seed: number) => {
    const random = createRandom(seed);
    return Array.from({ length: 200 }, () => mutate(corpus, random));
  };
  assert.deepEqual(frames(7), frames(7));
  assert.notDeepEqual(frames(7), frames(8));
});
