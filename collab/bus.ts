import type { Bus } from '#platform/bus/bus.ts';
import { formatDocumentName, parseDocumentName, type DocumentName } from '#contract/document-name.ts';
import { AppError } from '#contract/errors.ts';
import { editFiles, type File } from './files.ts';
import type { Rejudge } from './rejudge.ts';
import type { Rooms } from './rooms/rooms.ts';
import type { ServerEdits } from './server-edits.ts';

/** Everything the other rooms of the house tell or ask collab. Returns the end of it all. */
export async function connectBus(deps: {
  bus: Bus;
  rooms: Rooms;
  edits: ServerEdits;
  rejudge: Rejudge;
  /** Starts a document anew with these files; resolves to its new epoch. */
  remake: (name: DocumentName, files: readonly File[], userId: string) => Promise<{ epoch: number }>;
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
    bus.subscribe('document.remade', ({ name }) => rooms.find(name)?.discard()),
    bus.respond('document.read', ({ name }) => edits.read(formatDocumentName(known(name)))),
    bus.respond('document.edit-files', ({ name, userId, edit }) =>
      edits.edit(formatDocumentName(known(name)), userId, (draft) => editFiles(draft, edit)),
    ),
    bus.respond('document.remake', async ({ name, userId, files }) => {
      const { epoch } = await deps.remake(known(name), files, userId);
      await bus.publish('document.remade', { name, epoch });
      return { epoch, files };
    }),
  ]);
  return async () => {
    await Promise.all(subscriptions.map((end) => end()));
  };
}

function known(name: string): DocumentName {
  const parsed = parseDocumentName(name);
  if (parsed === undefined) throw new AppError('not-found', 'This document does not exist.');
  return parsed;
}
