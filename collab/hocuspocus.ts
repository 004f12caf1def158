import { Hocuspocus } from '@hocuspocus/server';
import type { ChannelContext } from './gateway/channel.ts';
import { authenticate } from './extensions/authenticate.ts';
import { filesGuard, type FilesGuardDeps } from './extensions/files-guard.ts';
import { handOver } from './extensions/hand-over.ts';
import { load, type LoadDeps } from './extensions/load.ts';
import { presence, type PresenceDeps } from './extensions/presence.ts';
import { serverState, type ServerStateDeps } from './extensions/server-state.ts';

export type CollabHocuspocus = Hocuspocus<ChannelContext>;

/** Hocuspocus judges liveness by what it receives, but the gateway receives: its own timer must never fire. */
const never = 2 ** 31 - 1;

/**
 * The engine behind the gateway: documents in memory, their readers, merging of what happens within one event-loop turn
 * into one frame for all. What it does to a document beyond that is this list, in this order.
 */
export function createHocuspocus(deps: LoadDeps & ServerStateDeps & FilesGuardDeps & PresenceDeps): CollabHocuspocus {
  return new Hocuspocus<ChannelContext>({
    quiet: true,
    timeout: never,
    extensions: [
      authenticate(), // only what the gateway or the server itself opened comes in; readers are readers
      load(deps), // content = snapshot + log + journal; an error is an error, never an empty document
      serverState(deps), // the server's awareness: epoch, mode, log state, last run
      filesGuard(deps), // the list of files is the server's; a client's changes of it are undone
      presence(deps), // who is here, for the roster
      handOver(), // last: from here on the gateway speaks for this reader
    ],
  });
}
