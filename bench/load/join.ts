import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import type { JoinPlan, Run } from '../plans.ts';
import { readText } from './audit.ts';
import { joinRoom, type LightClient } from './client.ts';
import { makeEdits, makeHistory } from './edits.ts';
import { createHistogram } from './histogram.ts';
import { historyWriter, seedRoom } from './history-room.ts';
import type { Server } from './parent.ts';
import { startSchedule } from './schedule.ts';
import { watchShares } from './share.ts';
import { findTokens, token, tokensOf } from './tokens.ts';
import { createWire } from './wire.ts';

/** How long after the last joiner what it has set going counts as a join's cost: everybody hears who is there. */
const settleMs = 500;
const afterMs = 10_000;

/** Many join one large document within two seconds, while somebody goes on writing into it. */
export async function runJoin(server: Server, plan: JoinPlan): Promise<Run> {
  const { joiners, present, history } = plan;
  const opened = await server.rooms({ rooms: 1, clients: 2 + present + joiners, writers: 1 });
  const [room] = opened.rooms;
  const made = makeHistory({ ...history, last: token(historyWriter, 0) });
  const wire = createWire(opened.dialect, room!.name);
  const sentAt: number[] = [];
  const [echo, synced] = [createHistogram(), createHistogram()];
  /** How many live edits each client has been told of, after its document or in it. */
  const heard = new Map<number, Set<number>>();
  let now = 0;
  const hear = (index: number) => {
    const numbers = new Set<number>();
    heard.set(index, numbers);
    return (body: Buffer) => {
      now = performance.now();
      findTokens(body, (writer, number) => {
        if (writer !== 0) return;
        numbers.add(number);
        // Joiners are given what was written before them.
        if (index < present) echo.record(now - sentAt[number]!);
      });
    };
  };

  const { writer, reader } = await seedRoom(opened.dialect, room!, made.updates);
  const edits = makeEdits(wire, 0, plan.editsPerSecond * 60);
  const clients: LightClient[] = [writer, reader];
  try {
    for (let index = 0; index < present; index += 1) {
      clients.push(await joinRoom(wire, room!.clients[2 + index]!, { sync: hear(index) }));
    }
    const stop = startSchedule([
      {
        perSecond: plan.editsPerSecond,
        act(times) {
          for (let time = 0; time < times && sentAt.length < edits.length; time += 1) {
            writer.socket.send(edits[sentAt.length]!);
            sentAt.push(performance.now());
          }
        },
      },
    ]);
    await delay(500);
    const finish = await watchShares(server);
    const startedAt = performance.now();
    const joins = Array.from({ length: joiners }, async (_, index) => {
      await delay(Math.max(0, startedAt + (index * plan.withinMs) / joiners - performance.now()));
      const from = performance.now();
      const client = await joinRoom(wire, room!.clients[2 + present + index]!, { sync: hear(present + index) });
      synced.record(performance.now() - from);
      clients.push(client);
      return client.syncedBytes;
    });
    const settled = await Promise.allSettled(joins);
    const stormMs = performance.now() - startedAt;
    await delay(settleMs);
    const shares = await finish();
    stop();
    const until = performance.now() + afterMs;
    const missing = () => [...heard.values()].filter((numbers) => numbers.size < sentAt.length).length;
    while (performance.now() < until && missing() > 0) await delay(20);

    const text = await readText(opened.dialect, room!);
    const tokens = tokensOf(text);
    const live = tokens.get(0);
    const history0 = text.replaceAll(/\{0000\d{7}\}/g, '');
    const bytes = settled.map((join) => (join.status === 'fulfilled' ? join.value : 0));
    return {
      metrics: {
        syncP50: synced.quantile(0.5),
        syncP99: synced.quantile(0.99),
        cpuPerJoin: shares.serverCpuUs / 1_000 / joiners,
        echoP50: echo.quantile(0.5),
        echoP99: echo.quantile(0.99),
        stormMs,
        documentBytes: bytes[0],
      },
      shares,
      checks: {
        failedJoins: settled.filter((join) => join.status === 'rejected').length,
        smallDocuments: bytes.filter((size) => size < made.text.length).length,
        clientsMissingEdits: missing(),
        wrongTokens: sentAt.filter((_, number) => live?.get(number) !== 1).length,
        wrongHistory: history0 === made.text ? 0 : 1,
      },
      closeCodes: [...new Set(clients.map(({ closedWith }) => closedWith).filter((code) => code !== undefined))],
    };
  } finally {
    for (const client of clients) client.close();
  }
}
