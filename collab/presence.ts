import type { Bus } from '#platform/bus/bus.ts';

/** Who has a document socket on this node, told to the other rooms on every change and renewed while it lasts. */
export interface Presence {
  /** `socket` is any object that stands for one document socket. */
  enter(classroomId: string, userId: string, socket: object): void;
  leave(classroomId: string, userId: string, socket: object): void;
  close(): void;
}

const renewMs = 10_000;

export function createPresence({ bus, nodeId }: { bus: Bus; nodeId: string }): Presence {
  /** classroom → person → sockets */
  const classrooms = new Map<string, Map<string, Set<object>>>();
  const changed = new Set<string>();

  function announce(classroomId: string): void {
    const userIds = [...(classrooms.get(classroomId)?.keys() ?? [])];
    void bus.publish('presence.changed', { nodeId, classroomId, userIds });
  }

  function change(classroomId: string): void {
    // A class that arrives together is announced once.
    if (changed.size === 0) setImmediate(flush);
    changed.add(classroomId);
  }

  function flush(): void {
    const ids = [...changed];
    changed.clear();
    for (const id of ids) announce(id);
  }

  const timer = setInterval(() => {
    for (const id of classrooms.keys()) announce(id);
  }, renewMs);
  timer.unref();

  return {
    enter(classroomId, userId, socket) {
      const people = classrooms.get(classroomId) ?? new Map<string, Set<object>>();
      classrooms.set(classroomId, people);
      const sockets = people.get(userId) ?? new Set();
      people.set(userId, sockets.add(socket));
      if (sockets.size === 1) change(classroomId);
    },
    leave(classroomId, userId, socket) {
      const people = classrooms.get(classroomId);
      const sockets = people?.get(userId);
      if (people === undefined || sockets === undefined || !sockets.delete(socket) || sockets.size > 0) return;
      people.delete(userId);
      if (people.size === 0) classrooms.delete(classroomId);
      change(classroomId);
    },
    close() {
      clearInterval(timer);
      for (const id of [...classrooms.keys()]) {
        classrooms.delete(id);
        announce(id);
      }
    },
  };
}
