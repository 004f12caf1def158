import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { test } from 'node:test';
import type { RunStatus } from '#contract/run.ts';
import { createMemoryBus } from '#platform/bus/memory-bus.ts';
import { testLog } from '../../test/support/databases.ts';
import { waitFor } from '../../test/support/wait-for.ts';
import { clientGone } from './client-gone.ts';
import { openRunNews } from './news.ts';

const never = new AbortController().signal;

async function openNews() {
  const bus = createMemoryBus({ log: testLog });
  const news = await openRunNews({ bus });
  const tell = (runId: string, status: RunStatus) => {
    const run = { seq: 1, runId, status, language: 'c', by: { id: 'u', name: 'U' }, exitCode: null, tail: '' };
    const times = { startedAt: null, finishedAt: null };
    return bus.publish('run.updated', { classroomId: 'c', document: null, run: { ...run, ...times } });
  };
  return { news, tell };
}

test('[RUN26] the end of a run is noticed at once', async () => {
  const { news, tell } = await openNews();
  let ended = false;
  let checks = 0;
  const watched = news.watch('r1');
  const found = watched.until(async () => {
    checks += 1;
    return ended ? 'the run' : undefined;
  }, never);
  await waitFor(() => checks === 1);
  ended = true;
  const askedAt = performance.now();
  await tell('r1', 'running');
  await tell('another', 'ok');
  await tell('r1', 'ok');
  assert.equal(await found, 'the run');
  assert.equal(checks, 2, 'only the end is news');
  assert.ok(performance.now() - askedAt < 900, 'it did not wait for the next poll');
  watched.stop();
  await news.close();
});

test('[RUN26] a lost message only costs a second', async () => {
  const { news } = await openNews();
  let checks = 0;
  const watched = news.watch('r1');
  assert.equal(await watched.until(async () => (checks += 1) > 2 || undefined, never), true);
  watched.stop();
  await news.close();
});

test('[RUN26] waiting ends when its time is over, the client is gone or the server closes', async () => {
  const { news } = await openNews();
  const nothing = async () => undefined;
  assert.equal(await news.watch('r1').until(nothing, AbortSignal.timeout(20)), undefined);
  assert.equal(await news.watch('r1').until(nothing, AbortSignal.abort()), undefined);
  const waiting = news.watch('r1').until(nothing, never);
  await news.close();
  assert.equal(await waiting, undefined);
});

test('[RUN26] a client that goes away is noticed', async () => {
  const requests: { req: IncomingMessage; res: ServerResponse }[] = [];
  const server = createServer((req, res) => void requests.push({ req, res })).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const open = async () => {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
    const count = requests.length;
    await waitFor(() => requests.length > count);
    return { socket, ...requests.at(-1)! };
  };
  try {
    const first = await open();
    const gone = clientGone(first.req, first.res);
    assert.equal(gone.aborted, false);
    first.socket.destroy();
    await waitFor(() => gone.aborted);

    const second = await open();
    second.socket.destroy();
    await once(second.res, 'close');
    assert.equal(clientGone(second.req, second.res).aborted, true, 'it was gone before anybody looked');
  } finally {
    server.close();
  }
});
