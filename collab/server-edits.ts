import * as Y from 'yjs';
import type { Rooms } from './rooms/rooms.ts';
import type { WritePath } from './log/write-path.ts';
import { readFiles, type File } from './files.ts';

export type DocumentContent = { epoch: number; files: File[] };

/** Reading and editing documents on the server's own account. */
export interface ServerEdits {
  /** The current content, everything that was received before the call included. */
  read(name: string): Promise<DocumentContent>;
  /**
   * Lets `change` edit a draft of the document; the difference takes the way of every edit and is committed when this
   * resolves. What `change` throws is thrown here, and nothing happens.
   */
  edit(name: string, userId: string | undefined, change: (draft: Y.Doc) => void): Promise<DocumentContent>;
}

export function createServerEdits(deps: { rooms: Rooms; writePath: WritePath }): ServerEdits {
  const { rooms, writePath } = deps;
  /** The last edit of each document: drafts are made one after the other. */
  const turns = new Map<string, Promise<unknown>>();

  function inTurn<T>(name: string, work: () => Promise<T>): Promise<T> {
    const turn = (turns.get(name) ?? Promise.resolve()).then(work, work);
    turns.set(name, turn);
    const forget = () => {
      if (turns.get(name) === turn) turns.delete(name);
    };
    turn.then(forget, forget);
    return turn;
  }

  return {
    read: (name) =>
      rooms.room(name).use(async ({ live: { document, epoch } }) => {
        await writePath.settled(name);
        return { epoch, files: readFiles(document) };
      }),
    edit: (name, userId, change) =>
      inTurn(name, () =>
        rooms.room(name).use(async ({ live: { document, epoch } }) => {
          await writePath.settled(name);
          const draft = new Y.Doc();
          Y.applyUpdate(draft, Y.encodeStateAsUpdate(document));
          const before = Y.encodeStateVector(draft);
          let changed = false;
          draft.on('update', () => {
            changed = true;
          });
          draft.transact(() => change(draft));
          const update = Y.encodeStateAsUpdate(draft, before);
          const files = readFiles(draft);
          draft.destroy();
          if (changed) {
            writePath.append({ document: name, epoch, userId, update, byServer: true });
            await writePath.settled(name);
          }
          return { epoch, files };
        }),
      ),
  };
}
