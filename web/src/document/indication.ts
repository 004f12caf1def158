import { closeCodes } from '#contract/close-codes.ts';
import type { LineState } from './line.ts';

/** Why nothing goes to the server right now. */
export type Interruption = 'offline' | 'restarting' | 'slow' | 'cannotLoad';

/** One sentence about connection and storage; its words are in the strings under `saved`. */
export type Indication =
  | { kind: 'good'; say: 'saved' | 'live' }
  | { kind: 'busy'; say: 'connecting' | 'saving' }
  | { kind: 'bad'; say: 'refused' | 'full' | 'buffering' | 'late' }
  /** `unsaved`: there is typing that only this window has. */
  | { kind: 'bad'; say: 'interrupted'; why: Interruption; unsaved: boolean };

/** What to say about a document. `refused`: the server does not take what it has; `unsavedElsewhere`: another one waits. */
export function indicate(
  line: Pick<LineState, 'connection' | 'closedBy' | 'loaded' | 'saved' | 'server'>,
  room: { access: 'read' | 'write'; refused: boolean; unsavedElsewhere: boolean },
): Indication {
  const { connection, closedBy, loaded, saved, server } = line;
  if (room.refused) return { kind: 'bad', say: 'refused' };
  if (closedBy !== undefined || (loaded && connection !== 'connected')) {
    const unsaved = saved !== 'saved' || room.unsavedElsewhere;
    return { kind: 'bad', say: 'interrupted', why: interruption(closedBy), unsaved };
  }
  if (!loaded) return { kind: 'busy', say: 'connecting' };
  if (server?.accepting === false && room.access === 'write') return { kind: 'bad', say: 'full' };
  if (saved === 'unsaved') return { kind: 'bad', say: server?.storing === false ? 'buffering' : 'late' };
  if (saved === 'saving' || room.unsavedElsewhere) return { kind: 'busy', say: 'saving' };
  return { kind: 'good', say: room.access === 'write' ? 'saved' : 'live' };
}

function interruption(code: number | undefined): Interruption {
  if (code === closeCodes.restarting.code) return 'restarting';
  if (code === closeCodes.tooSlow.code) return 'slow';
  return code === closeCodes.cannotLoad.code ? 'cannotLoad' : 'offline';
}
