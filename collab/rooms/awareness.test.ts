import assert from 'node:assert/strict';
import test from 'node:test';
import { applyAwarenessUpdate, Awareness } from 'y-protocols/awareness';
import * as Y from 'yjs';
import { waitFor } from '../../test/support/wait-for.ts';
import { RoomAwareness } from './awareness.ts';

/** A room with one stock awareness as its reader, and a clock that the test moves. */
function room(readers = 1) {
  const doc = new Y.Doc();
  const reader = new Awareness(doc);
  let now = 1_000_000;
  let frames = 0;
  const told = new Map<object, Uint8Array[]>();
  const awareness = new RoomAwareness(77_777, {
    now: () => now,
    readers: () => readers,
    publish(update, except) {
      frames += 1;
      if (!except.has(reader)) applyAwarenessUpdate(reader, update, 'server');
    },
    publishTo: (owner, update) => told.set(owner, [...(told.get(owner) ?? []), update]),
  });
  return {
    awareness,
    reader,
    told,
    frames: () => frames,
    later(ms: number) {
      now += ms;
    },
    end() {
      awareness.close();
      doc.destroy();
    },
  };
}

const a = { name: 'socket a' };
const b = { name: 'socket b' };

test('[ROOM4] what a client says is seen, goes with it, and can come back under the clock it had', async () => {
  const { awareness, reader, end } = room();
  awareness.set(5, 1, '{"x":1}', a);
  await waitFor(() => reader.getStates().get(5)?.x === 1);
  awareness.remove(5, b);
  assert.ok(awareness.clockOf(5) >= 1, 'another socket cannot remove it');
  awareness.remove(5, a);
  await waitFor(() => !reader.getStates().has(5));
  awareness.set(5, 1, '{"x":2}', b);
  await waitFor(() => reader.getStates().get(5)?.x === 2);
  end();
});

test('[ROOM4] an older word of a client does not replace a newer one', async () => {
  const { awareness, reader, end } = room();
  awareness.set(5, 3, '{"x":3}', a);
  awareness.set(5, 2, '{"x":2}', a);
  await waitFor(() => reader.getStates().get(5)?.x === 3);
  awareness.set(5, 4, '{"x":4}', a);
  await waitFor(() => reader.getStates().get(5)?.x === 4);
  end();
});

test('[ROOM5] a state is renewed for a client whose tab sleeps, and the client keeps its own word', async () => {
  const { awareness, reader, told, later, end } = room();
  awareness.set(5, 1, '{"x":1}', a);
  await waitFor(() => reader.getStates().has(5));
  const before = reader.meta.get(5)!.clock;
  later(19_000);
  awareness.renew();
  assert.equal(awareness.clockOf(5), before);
  later(2_000);
  awareness.renew();
  await waitFor(() => reader.meta.get(5)!.clock > before);
  assert.equal(told.has(a), false, 'nobody is told of itself alone');
  // The server's clock is ahead now, and the client's next word still counts.
  awareness.set(5, 2, '{"x":2}', a);
  await waitFor(() => reader.getStates().get(5)?.x === 2);
  end();
});

test('[ROOM6] many changes at once reach a reader in one frame, and the next in time', async () => {
  const { awareness, reader, frames, end } = room(300);
  for (let client = 1; client <= 300; client += 1) awareness.set(client, 1, '{}', { client });
  await waitFor(() => reader.getStates().size >= 300);
  assert.equal(frames(), 1);
  end();
});

test('[ROOM6] a single change after a quiet time goes out in the same turn', async () => {
  const { awareness, reader, end } = room(30);
  awareness.set(5, 1, '{"x":1}', a);
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  assert.equal(reader.getStates().get(5)?.x, 1);
  end();
});
