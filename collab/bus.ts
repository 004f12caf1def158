import type { Bus } from '#platform/bus/bus.ts';
import { parseDocumentName } from '#contract/document-name.ts';
import { AppError } from '#contract/errors.ts';
import { updateServerState } from './extensions/server-state.ts';
import { editFiles } from './files.ts';
import type { Gateway } from './gateway/gateway.ts';
import type { LiveDocuments } from './live-documents.ts';
import type { ServerEdits } from './server-edits.ts';

/** Everything the other rooms tell or ask collab. Returns the end of it all. */
export async function connectBus(deps: {
  bus: Bus;
  gateway: Gateway;
  live: LiveDocuments;
  edits: ServerEdits;
  /** Called before sockets are judged again. */
  accessChanged: () => void;
}): Promise<() => Promise<void>> {
  const { bus, gateway, live, edits } = deps;

  async function rejudge(matches: (admission: { classroomId: string; userId: string; sessionId: string }) => boolean) {
    deps.accessChanged();
    const affected = [...gateway.channels()].filter(({ admission }) => {
      if (admission === undefined) return false;
      const { classroomId } = admission.name;
      return matches({ classroomId, userId: admission.user.id, sessionId: admission.sessionId });
    });
    await Promise.all(affected.map((channel) => channel.rejudge()));
  }

  const subscriptions = await Promise.all([
    bus.subscribe('access.changed', ({ classroomId, userId }) =>
      rejudge((who) => who.classroomId === classroomId && (userId === undefined || who.userId === userId)),
    ),
    bus.subscribe('session.revoked', ({ sessionId }) => rejudge((who) => who.sessionId === sessionId)),
    bus.subscribe('classroom.updated', ({ classroomId, mode }) => {
      for (const { document } of live.all()) {
        if (parseDocumentName(document.name)?.classroomId === classroomId) updateServerState(document, { mode });
      }
    }),
    bus.subscribe('run.updated', ({ document: name, run }) => {
      const loaded = name === null ? undefined : live.get(name);
      if (loaded !== undefined) updateServerState(loaded.document, { run });
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
