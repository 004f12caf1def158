import type { DialectName, Room } from '../messages.ts';
import { joinRoom, type ClientHandlers, type LightClient } from './client.ts';
import { maskedFrame } from './light-socket.ts';
import { findTokens } from './tokens.ts';
import { createWire } from './wire.ts';

const seededWithinMs = 120_000;
/** So many parts go out before the others have had to be heard of. */
const partsAtOnce = 50;

/** Marks of the history are tokens of this writer. */
export const historyWriter = 9_999;

/**
 * Joins the first two clients of a room; the first writes a history into it, and the promise resolves when the second
 * has been sent its end. `later` gets what the second is sent.
 */
export async function seedRoom(
  dialect: DialectName,
  room: Room,
  updates: readonly Uint8Array[],
  later: ClientHandlers['sync'] = () => {},
): Promise<{ writer: LightClient; reader: LightClient }> {
  const wire = createWire(dialect, room.name);
  const writer = await joinRoom(wire, room.clients[0]!);
  let arrived: () => void = () => {};
  let failed: (error: Error) => void = () => {};
  const end = new Promise<void>((resolve, reject) => {
    arrived = resolve;
    failed = reject;
  });
  const reader = await joinRoom(wire, room.clients[1]!, {
    sync(body, at) {
      later(body, at);
      findTokens(body, (id) => {
        if (id === historyWriter) arrived();
      });
    },
  });
  const late = setTimeout(() => failed(new Error('the history did not arrive within 120 s')), seededWithinMs);
  for (const [index, update] of updates.entries()) {
    writer.socket.send(maskedFrame(wire.update(update)));
    // Leaves the server time to breathe, as people do.
    if (index % partsAtOnce === partsAtOnce - 1) await new Promise((resolve) => setTimeout(resolve, 20));
  }
  try {
    await end;
  } finally {
    clearTimeout(late);
  }
  return { writer, reader };
}
