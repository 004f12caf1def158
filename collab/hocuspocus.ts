import { Hocuspocus } from '@hocuspocus/server';
import { authenticate } from './extensions/authenticate.ts';
import { filesGuard, type FilesGuardDeps } from './extensions/files-guard.ts';
import { load, type LoadDeps } from './extensions/load.ts';

/**
 * The engine behind the rooms: documents in memory, loaded once however many ask, and let go when no room holds them. What
 * it does to a document beyond that is this list, in this order. Sockets, presence and fan-out are the gateway's and the
 * rooms': one frame made once serves all readers, and both outlive a document that sleeps (docs/ARCHITECTURE.md).
 */
export function createHocuspocus(deps: LoadDeps & FilesGuardDeps): Hocuspocus {
  return new Hocuspocus({
    quiet: true,
    // It has no readers to gather changes for.
    flushDelay: false,
    extensions: [
      authenticate(), // no socket comes in here: documents are opened by their rooms
      load(deps), // content = snapshot + log + journal; an error is an error, never an empty document
      filesGuard(deps), // the list of files is the server's; a client's changes of it are undone
    ],
  });
}
