import { createHash } from 'node:crypto';
import type { AwarenessUser } from '#contract/awareness.ts';
import type { CloseReason } from '#contract/close-codes.ts';
import type { LiveDocuments } from '../live-documents.ts';
import type { WritePath } from '../log/write-path.ts';
import type { RefusedText } from '../rooms/refused-text.ts';
import type { Awake, Reader, Room } from '../rooms/room.ts';
import type { Shares } from '../rooms/shares.ts';
import { examineUpdate } from './updates.ts';

/** One update of one client. */
export type Incoming = {
  room: Room;
  awake: Awake;
  update: Uint8Array;
  /** It answers the question what the client has. */
  first: boolean;
  from: Reader;
  user: AwarenessUser;
  access: 'write' | 'read';
  /** Others write this document too. */
  shared: boolean;
  /** Called when an update that had to wait for another can be tried again. */
  again: () => void;
  /** Called when the database has it. */
  stored: () => void;
};

/** The only way for a client's update into the log. */
export interface UpdateDoor {
  /**
   * `later`: try again when the document is settled. `readOnly`, `logFull`: it was refused and the socket stays. Another
   * reason: the socket must be closed with it.
   */
  take(incoming: Incoming): 'taken' | 'later' | 'readOnly' | 'logFull' | CloseReason;
  /** Resolves when what was taken for the document so far is in it. */
  settled(document: string): Promise<void>;
}

/** Smaller updates are judged as quickly as they are recognised. */
const printedBytes = 2 * 1024;
const maxPrints = 100;

/**
 * After a sync all clients have the same deletions, and each brings all of them when it comes back. What the document
 * contained once it contains for as long as it lives, so they are judged once.
 */
function fingerprint(update: Uint8Array): string | undefined {
  return update.length < printedBytes ? undefined : createHash('sha256').update(update).digest('base64');
}

function remember(prints: Set<string>, print: string): void {
  prints.add(print);
  if (prints.size > maxPrints) prints.delete(prints.values().next().value!);
}

export function createUpdateDoor(deps: {
  live: LiveDocuments;
  writePath: WritePath;
  shares: Shares;
  refusedText: RefusedText;
}): UpdateDoor {
  const { live, writePath, shares, refusedText } = deps;

  return {
    take(incoming) {
      const { room, awake, update, user, stored } = incoming;
      const { document, epoch } = awake.live;
      const print = fingerprint(update);
      if (print !== undefined && awake.contained.has(print)) {
        void writePath.stored(room.name).then(stored);
        return 'taken';
      }
      const { verdict, ends, deletions, addedBytes } = examineUpdate(document, epoch, awake.intake.known, update);
      if (verdict === 'malformed') return 'malformed';
      if (verdict === 'otherEpoch') return 'discardState';
      if (verdict === 'contained') {
        if (print !== undefined) remember(awake.contained, print);
        // It is in memory, but perhaps not yet in the database.
        void writePath.stored(room.name).then(stored);
        return 'taken';
      }
      if (incoming.access === 'read') {
        refusedText.add(room.name, user.id, ends, deletions);
        return 'readOnly';
      }
      const { first } = incoming;
      if (refusedText.isIn(room.name, user.id, { ends, deletions, first })) return 'discardState';
      if (writePath.state() === 'full') return 'logFull';
      if (verdict === 'gap') {
        return awake.intake.hold({ update, from: incoming.from, userId: user.id, examineAgain: incoming.again })
          ? 'taken'
          : 'tooLarge';
      }
      // What only deletes makes room and always passes.
      if (verdict === 'new') {
        const fit = live.fit(room.name, update.length);
        if (fit !== 'fits') return fit;
        const clients = [...ends.keys()].filter((client) => awake.intake.known(client) === 0).length;
        const limited = incoming.shared && user.role === 'student';
        if (!shares.take(room.name, user.id, { bytes: addedBytes, clients }, limited)) return 'tooLarge';
      }
      live.expect(room.name, update.length);
      writePath.append({ document: room.name, epoch, userId: user.id, update, from: incoming.from }, stored);
      awake.intake.appended(ends);
      return 'taken';
    },
    settled: (document) => writePath.settled(document),
  };
}
