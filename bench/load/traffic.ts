import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import type { Run, TrafficPlan } from '../plans.ts';
import { auditRoom } from './audit.ts';
import { createHistogram } from './histogram.ts';
import type { Server } from './parent.ts';
import { watchShares } from './share.ts';
import { startSchedule, type Actor } from './schedule.ts';
import { openTrafficRoom, type Gauge, type TrafficRoom } from './traffic-room.ts';

const drainMs = 10_000;

/** Waits until everybody has every edit and, when asked, every writer every acknowledgement; gives up after 10 s. */
async function drained(rooms: readonly TrafficRoom[], acknowledged: boolean): Promise<void> {
  const until = performance.now() + drainMs;
  const open = () => rooms.some((room) => room.missing() > 0 || (acknowledged && room.unacknowledged() > 0));
  while (performance.now() < until && open()) await delay(20);
}

/** Rooms in which people write at a steady rate and everybody reads along. Rooms are new for each run. */
export async function runTraffic(
  server: Server,
  plan: TrafficPlan,
  options: { relay: boolean; durable: boolean },
): Promise<Run> {
  const { seconds, warmSeconds, editsPerSecond, cursorsPerSecond } = plan;
  // One more way in, for the audit.
  const opened = await server.rooms({ rooms: plan.rooms, clients: plan.clients + 1, writers: plan.writers });
  const gauge: Gauge = {
    from: Infinity,
    to: Infinity,
    echo: createHistogram(),
    durable: createHistogram(),
    delivered: 0,
    foreign: 0,
  };
  const rooms: TrafficRoom[] = [];
  try {
    const edits = Math.ceil((warmSeconds + seconds + 1) * editsPerSecond) + 2;
    for (const [index, room] of opened.rooms.entries()) {
      const firstWriter = index * plan.writers;
      rooms.push(
        await openTrafficRoom(opened.dialect, room, gauge, {
          readers: plan.clients,
          writers: plan.writers,
          edits,
          firstWriter,
          relay: options.relay,
        }),
      );
    }
    const actors: Actor[] = rooms.flatMap((room) => [
      ...room.writers.map((writer) => ({
        perSecond: editsPerSecond,
        act: (times: number) => room.write(writer, times),
      })),
      ...room.readers.slice(plan.writers, plan.writers + plan.cursors).map(({ client }) => ({
        perSecond: cursorsPerSecond,
        // A cursor that is late is only where it is.
        act: () => client.moveCursor(),
      })),
    ]);
    const stop = startSchedule(actors);
    await delay(warmSeconds * 1_000);
    const finish = await watchShares(server);
    gauge.from = performance.now();
    const before = gauge.delivered;
    const awarenessBefore = countAwareness(rooms);
    await delay(seconds * 1_000);
    gauge.to = performance.now();
    const delivered = gauge.delivered - before;
    const awareness = countAwareness(rooms) - awarenessBefore;
    const shares = await finish();
    const behind = stop();
    const elapsed = (gauge.to - gauge.from) / 1_000;
    await drained(rooms, options.durable);

    const wrongReaders = rooms.reduce((sum, room) => sum + room.wrongReaders(), 0);
    const unacknowledged = options.durable ? rooms.reduce((sum, room) => sum + room.unacknowledged(), 0) : 0;
    const sent = rooms.map((room) => new Map(room.writers.map(({ id, sent: count }) => [id, count])));
    const closeCodes = rooms.flatMap((room) => room.readers.map(({ client }) => client.closedWith));
    // Before anybody leaves: a server without a database forgets a document with its last reader.
    let wrongTokens = 0;
    if (!options.relay && plan.audit) {
      for (const [index, room] of opened.rooms.entries()) {
        wrongTokens += await auditRoom(opened.dialect, room, sent[index]!);
      }
    }
    const offered = editsPerSecond * plan.writers * plan.rooms * (plan.clients - 1);
    return {
      metrics: {
        echoP50: gauge.echo.quantile(0.5),
        echoP99: gauge.echo.quantile(0.99),
        deliveriesPerSecond: delivered / elapsed,
        cpuPerDelivery: shares.serverCpuUs / Math.max(1, delivered),
        awarenessPerSecond: awareness / elapsed,
        durableP50: options.durable ? gauge.durable.quantile(0.5) : undefined,
        durableP95: options.durable ? gauge.durable.quantile(0.95) : undefined,
        durableP99: options.durable ? gauge.durable.quantile(0.99) : undefined,
        kept: delivered / elapsed / offered,
        behind,
      },
      shares,
      checks: { wrongReaders, wrongTokens, foreign: gauge.foreign, unacknowledged },
      closeCodes: [...new Set(closeCodes.filter((code) => code !== undefined))],
    };
  } finally {
    for (const room of rooms) room.close();
  }
}

function countAwareness(rooms: readonly TrafficRoom[]): number {
  return rooms.reduce(
    (sum, room) => sum + room.readers.reduce((more, { client }) => more + client.awarenessFrames, 0),
    0,
  );
}
