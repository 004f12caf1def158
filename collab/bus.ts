import type { Bus } from '#platform/bus/bus.ts';
import { parseDocumentName } from '#contract/document-name.ts';
import { AppError } from '#contract/errors.ts';
import { editFiles } from './files.ts';
import type { Rejudge } from './rejudge.ts';
import type { Rooms } from './rooms/rooms.ts';
import type { ServerEdits } from './server-edits.ts';

/** Everything the other rooms of the house tell or ask collab. Returns the end of it all. */
export async function connectBus(deps: {
  bus: Bus;
  rooms: Rooms;
  edits: ServerEdits;
  rejudge: Rejudge;
}): Promise<() => Promise<void>> {
  const { bus, rooms, edits, rejudge } = deps;
  const subscriptions = await Promise.all([
    bus.subscribe('access.changed', ({ classroomId, userId }) =>
      rejudge.all(({ name, user }) => name.classroomId === classroomId && (userId === undefined || user.id === userId)),
    ),
    bus.subscribe('session.revoked', ({ sessionId }) => rejudge.all((admission) => admission.sessionId === sessionId)),
    bus.subscribe('classroom.updated', ({ classroomId, mode }) => {
      for (const room of rooms.ofClassroom(classroomId)) room.tell({ mode });
    }),
    bus.subscribe('run.updated', ({ document: name, run }) => {
      if (name !== null) rooms.find(name)?.tell({ run });
    }),
    bus.respond('document.read', ({ name }) => edits.read(known(name))),
    bus.respond('document.edit-files', ({ name, userId, edit }) =>
      edits.edit(known(name), userId, (draft) => editFiles(draft, edit)),
    ),
  ]);
  return async () => {
    await Promise.all(subscriptions.map((end) => end()));
  };
}

function known(name: string): string {
  if (parseDocumentName(name) === undefined) throw new AppError('not-found', 'This document does not exist.');
  return name;
}
