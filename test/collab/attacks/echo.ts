import { setTimeout as delay } from 'node:timers/promises';
import { waitFor } from '../../support/wait-for.ts';
import * as Y from 'yjs';
import { createWriter, update } from './frames.ts';
import type { RawSocket } from './raw-socket.ts';

export type EchoTimes = { p50: number; p95: number; p99: number; max: number; count: number };

/**
 * What a reader has of each writer. Follows a raw socket with a Y.Doc of its own; `onClock` is called with the writer and
 * the clock it has reached. One at a time for each socket.
 */
export function follow(reader: RawSocket, onClock: (clientId: number, clock: number) => void) {
  const doc = new Y.Doc();
  doc.on('afterTransaction', (transaction: Y.Transaction) => {
    for (const [client, clock] of transaction.afterState) {
      if (transaction.beforeState.get(client) !== clock) onClock(client, clock);
    }
  });
  const take = () => {
    for (const said of reader.heard.splice(0)) {
      if (said.type === 'update' || said.type === 'step2') Y.applyUpdate(doc, said.payload);
    }
  };
  reader.ws.on('message', take);
  take();
  return {
    doc,
    end() {
      reader.ws.off('message', take);
      doc.destroy();
    },
  };
}

/** How long edits of one socket take to reach another: one character every `everyMs`, `count` times. In ms. */
export async function echoTimes(
  writing: RawSocket,
  reading: RawSocket,
  options: { count: number; everyMs: number },
): Promise<EchoTimes> {
  const writer = createWriter();
  const sentAt = new Map<number, number>();
  const times: number[] = [];
  let seen = 0;
  const following = follow(reading, (clientId, clock) => {
    if (clientId !== writer.clientId) return;
    for (; seen < clock; seen += 1) times.push(performance.now() - sentAt.get(seen + 1)!);
  });
  for (let index = 0; index < options.count; index += 1) {
    const frame = update(writer.write('x'));
    sentAt.set(writer.clock, performance.now());
    writing.send(frame);
    await delay(options.everyMs);
  }
  await waitFor(
    () => {
      for (const { closed } of [writing, reading]) if (closed !== undefined) throw new Error(`closed with ${closed}`);
      return times.length === options.count;
    },
    { withinMs: 30_000, what: 'every edit to arrive' },
  );
  following.end();
  return summary(times);
}

export function summary(times: readonly number[]): EchoTimes {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (part: number) =>
    Number((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0).toFixed(1));
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1), count: sorted.length };
}

/** The machine is shared with other tests: below this a difference says nothing. What an attack stalls, it stalls for longer. */
const noiseMs = { p50: 100, p95: 1_000 };

/** Whether the echo has stayed within a ratio of the one measured before in the same run, noise apart. */
export function staysWithin(after: EchoTimes, before: EchoTimes, ratio: number): boolean {
  return (['p50', 'p95'] as const).every((part) => after[part] <= before[part] * ratio + noiseMs[part]);
}
