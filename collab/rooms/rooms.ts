import { parseDocumentName } from '#contract/document-name.ts';
import { Room, type RoomDeps } from './room.ts';

/** The rooms of this node. */
export interface Rooms {
  /** The room of a document; made when it is not there. */
  room(name: string): Room;
  /** The room of a document, if this node has it. */
  find(name: string): Room | undefined;
  ofClassroom(classroomId: string): Room[];
  all(): Iterable<Room>;
  /** Lets documents sleep and rooms go; call it every second or so. */
  tick(): void;
  close(): Promise<void>;
}

export function createRooms(
  deps: RoomDeps & {
    /** How long an unused document stays in memory while it has readers, in ms. */
    idleMs: number;
    /** Whether the database has everything of a document. */
    isStored: (name: string) => boolean;
  },
): Rooms {
  const rooms = new Map<string, Room>();

  return {
    room(name) {
      const room = rooms.get(name) ?? new Room(name, deps);
      rooms.set(name, room);
      return room;
    },
    find: (name) => rooms.get(name),
    ofClassroom: (classroomId) =>
      [...rooms.values()].filter(({ name }) => parseDocumentName(name)?.classroomId === classroomId),
    all: () => rooms.values(),
    tick() {
      for (const [name, room] of rooms) {
        if (room.tick(deps.idleMs, deps.isStored(name))) rooms.delete(name);
      }
    },
    async close() {
      await Promise.all([...rooms.values()].map((room) => room.close()));
      rooms.clear();
    },
  };
}
