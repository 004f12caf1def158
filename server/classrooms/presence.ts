import type { Kysely } from 'kysely';
import type { Bus } from '#platform/bus/bus.ts';
import type { Clock } from '#platform/clock.ts';
import type { Schema } from '#platform/db/schema.ts';
import type { Log } from '#platform/log.ts';
import { noteLastSeen } from './store.ts';

export type Presence = {
  /** Who of a classroom has a document open now, on any node. */
  online(classroomId: string): ReadonlySet<string>;
};

/** What a node says of its sockets is void after this long: it says so every 10 s while it lives. */
const voidAfterMs = 30_000;

/**
 * Gathers from the collaboration nodes who is online. When someone goes offline, orderly or because a node has fallen
 * silent, the time is stored. Every API process gathers by itself; that two of them store the same time does no harm.
 */
export async function openPresence(deps: {
  bus: Bus;
  db: Kysely<Schema>;
  clock: Clock;
  log: Log;
  sweepMs?: number;
}): Promise<Presence & { close(): Promise<void> }> {
  const { bus, db, clock, log, sweepMs = 10_000 } = deps;
  const nodesByClassroom = new Map<string, Map<string, { userIds: readonly string[]; at: number }>>();
  const onlineByClassroom = new Map<string, ReadonlySet<string>>();

  const refresh = async (classroomId: string) => {
    const now = clock.now();
    const nodes = nodesByClassroom.get(classroomId) ?? new Map();
    for (const [nodeId, { at, userIds }] of nodes) {
      if (at <= now - voidAfterMs || userIds.length === 0) nodes.delete(nodeId);
    }
    const before = onlineByClassroom.get(classroomId) ?? new Set();
    const after = new Set([...nodes.values()].flatMap(({ userIds }) => userIds));
    if (nodes.size > 0) onlineByClassroom.set(classroomId, after);
    else {
      nodesByClassroom.delete(classroomId);
      onlineByClassroom.delete(classroomId);
    }
    const gone = [...before].filter((userId) => !after.has(userId));
    if (gone.length > 0) await noteLastSeen(db, classroomId, gone, now);
  };

  const unsubscribe = await bus.subscribe('presence.changed', ({ nodeId, classroomId, userIds }) => {
    const nodes = nodesByClassroom.get(classroomId) ?? new Map();
    nodes.set(nodeId, { userIds, at: clock.now() });
    nodesByClassroom.set(classroomId, nodes);
    return refresh(classroomId);
  });
  const timer = setInterval(() => {
    for (const classroomId of nodesByClassroom.keys()) {
      refresh(classroomId).catch((error: unknown) => log.warn({ error }, 'storing who went offline failed'));
    }
  }, sweepMs);

  return {
    online: (classroomId) => onlineByClassroom.get(classroomId) ?? new Set(),
    async close() {
      clearInterval(timer);
      await unsubscribe();
    },
  };
}
