import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import type { Memory, Rooms, RoomsWanted, Usage } from '../messages.ts';
import { createRpc } from '../rpc.ts';

/** What this process has used since it started, all its threads together. */
export function usage(): Usage {
  const { user, system } = process.cpuUsage();
  const { active, idle } = performance.eventLoopUtilization();
  return { cpuUs: user + system, loopActiveMs: active, loopIdleMs: idle, atMs: performance.now() };
}

async function memory(): Promise<Memory> {
  // Finalizers run between collections, and what they let go of is collected by the next.
  for (let round = 0; round < 3; round += 1) {
    globalThis.gc?.();
    await delay(50);
  }
  const { rss, heapUsed, external } = process.memoryUsage();
  return { rss, heapUsed, live: heapUsed + external };
}

/** The part of a server process that talks with the bench: rooms on demand, what it uses, and its end. */
export function serve(server: { rooms: (wanted: RoomsWanted) => Rooms | Promise<Rooms>; close: () => unknown }): void {
  createRpc(process, {
    ready: () => true,
    rooms: server.rooms,
    usage,
    memory,
    async end() {
      await server.close();
      // After the answer has gone out. A normal exit, so that --cpu-prof writes its file.
      setImmediate(() => process.exit(0));
    },
  });
}

/** Rooms of a server that knows nobody: a name each, the same way in for all. */
export function openRooms(prefix: string, dialect: Rooms['dialect'], urlOf: (name: string) => string) {
  let made = 0;
  return (wanted: RoomsWanted): Rooms => ({
    dialect,
    rooms: Array.from({ length: wanted.rooms }, () => {
      made += 1;
      const name = `${prefix}-${made}`;
      return { name, clients: Array.from({ length: wanted.clients }, () => ({ url: urlOf(name), token: 'none' })) };
    }),
  });
}
