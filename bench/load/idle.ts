import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import type { IdlePlan, Run } from '../plans.ts';
import { readText } from './audit.ts';
import type { LightClient } from './client.ts';
import { makeEdits, makeHistory } from './edits.ts';
import { createHistogram } from './histogram.ts';
import { historyWriter, seedRoom } from './history-room.ts';
import type { Server } from './parent.ts';
import { watchShares } from './share.ts';
import { findTokens, token } from './tokens.ts';
import { createWire } from './wire.ts';

const wakeWithinMs = 20_000;
const watchedSeconds = 10;
/** By then a server has forgotten a room that everybody has left. */
const forgottenMs = 5_000;

/**
 * Many documents that nobody types in, with people connected: what they cost, and how long the first edit takes when
 * somebody types again.
 */
export async function runIdle(server: Server, plan: IdlePlan): Promise<Run> {
  const made = makeHistory({ ...plan.history, last: token(historyWriter, 0) });
  const clients: LightClient[] = [];
  const sentAt: number[] = [];
  const wake = createHistogram();
  const heard = new Set<number>();
  let closedEarly = 0;

  async function seed(rooms: number, first: number) {
    const opened = await server.rooms({ rooms, clients: plan.clients + 1, writers: 1 });
    const pairs: { writer: LightClient; reader: LightClient }[] = [];
    for (const [offset, room] of opened.rooms.entries()) {
      const index = first + offset;
      const pair = await seedRoom(opened.dialect, room, made.updates, (body) =>
        findTokens(body, (writer) => {
          if (writer !== index || heard.has(index)) return;
          heard.add(index);
          wake.record(performance.now() - sentAt[index]!);
        }),
      );
      clients.push(pair.writer, pair.reader);
      pairs.push(pair);
    }
    return { opened, pairs };
  }

  // One room comes and goes, so that what is loaded once does not count.
  await seed(1, 9_000);
  for (const client of clients.splice(0)) client.close();
  await delay(forgottenMs);
  const before = await server.memory();

  try {
    const { opened, pairs } = await seed(plan.rooms, 0);
    const loaded = await server.memory();
    let next = 0;
    const renewals = setInterval(
      () => {
        clients[next]!.moveCursor();
        next = (next + 1) % clients.length;
      },
      (plan.renewSeconds * 1_000) / clients.length,
    );
    await delay(Math.max(0, plan.idleSeconds - watchedSeconds) * 1_000);
    const finish = await watchShares(server);
    await delay(Math.min(watchedSeconds, plan.idleSeconds) * 1_000);
    const shares = await finish();
    const after = await server.memory();
    closedEarly = clients.filter(({ closedWith }) => closedWith !== undefined).length;

    for (const [index, room] of opened.rooms.entries()) {
      const [edit] = makeEdits(createWire(opened.dialect, room.name), index, 1);
      sentAt[index] = performance.now();
      pairs[index]!.writer.socket.send(edit!);
      await delay(5);
    }
    const until = performance.now() + wakeWithinMs;
    while (performance.now() < until && heard.size < plan.rooms) await delay(20);
    clearInterval(renewals);
    let wrongTexts = 0;
    for (const [index, room] of opened.rooms.entries()) {
      if (index % 20 !== 0) continue;
      const text = await readText(opened.dialect, room);
      const edit = token(index, 0);
      if (text.split(edit).length !== 2 || text.replace(edit, '') !== made.text) wrongTexts += 1;
    }
    const perRoom = (bytes: number) => bytes / 1024 / plan.rooms;
    return {
      metrics: {
        rssPerRoom: perRoom(after.rss - before.rss),
        livePerRoom: perRoom(after.live - before.live),
        heapPerRoom: perRoom(after.heapUsed - before.heapUsed),
        liveWhenLoaded: perRoom(loaded.live - before.live),
        rssBefore: before.rss / 1024 / 1024,
        rssAfter: after.rss / 1024 / 1024,
        wakeP50: wake.quantile(0.5),
        wakeP99: wake.quantile(0.99),
      },
      shares,
      checks: { notWoken: plan.rooms - heard.size, wrongTexts, closedEarly },
      closeCodes: [...new Set(clients.map(({ closedWith }) => closedWith).filter((code) => code !== undefined))],
    };
  } finally {
    for (const client of clients) client.close();
  }
}
