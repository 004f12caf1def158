import { performance } from 'node:perf_hooks';
import type { DialectName, Room } from '../messages.ts';
import { joinRoom, type LightClient } from './client.ts';
import { makeEdits } from './edits.ts';
import type { Histogram } from './histogram.ts';
import { findTokens, mix } from './tokens.ts';
import { createWire } from './wire.ts';

/** What is measured, and when: edits sent between `from` and `to`. */
export type Gauge = {
  from: number;
  to: number;
  echo: Histogram;
  durable: Histogram;
  delivered: number;
  foreign: number;
};

type Writer = { id: number; frames: Buffer[]; sentAt: Float64Array; sent: number; mixed: number; acknowledged: number };
type Reader = { client: LightClient; writer: Writer | undefined; received: number; mixed: number };

/** One document with its readers, some of whom write. */
export type TrafficRoom = {
  readonly readers: readonly Reader[];
  readonly writers: readonly Writer[];
  /** Sends the next edits of a writer. */
  write(writer: Writer, times: number): void;
  /** How many edits did not reach somebody: each counts once for each reader it misses. */
  missing(): number;
  unacknowledged(): number;
  /** Readers who got something else than each edit of the others once, or were closed. */
  wrongReaders(): number;
  close(): void;
};

/** Joins `readers` clients and makes the edits of those who write, `edits` each. Writers have the numbers from `firstWriter` on. */
export async function openTrafficRoom(
  dialect: DialectName,
  room: Room,
  gauge: Gauge,
  options: { readers: number; writers: number; edits: number; firstWriter: number; relay: boolean },
): Promise<TrafficRoom> {
  const wire = createWire(dialect, room.name);
  const { firstWriter } = options;
  const writers: Writer[] = Array.from({ length: options.writers }, (_, index) => ({
    id: firstWriter + index,
    frames: makeEdits(wire, firstWriter + index, options.edits),
    sentAt: new Float64Array(options.edits),
    sent: 0,
    mixed: 0,
    acknowledged: 0,
  }));

  const inWindow = (at: number) => at >= gauge.from && at < gauge.to;

  async function join(index: number): Promise<Reader> {
    const writer = writers[index];
    const reader = { writer, received: 0, mixed: 0 } as Reader;
    let now = 0;
    const found = (id: number, number: number) => {
      const author = writers[id - firstWriter];
      if (author === undefined || number >= author.sent) {
        gauge.foreign += 1;
        return;
      }
      // Some servers give writers their own edits back.
      if (author === writer) return;
      reader.received += 1;
      reader.mixed = (reader.mixed + mix(id, number)) | 0;
      gauge.delivered += 1;
      const at = author.sentAt[number]!;
      if (inWindow(at)) gauge.echo.record(now - at);
    };
    reader.client = await joinRoom(
      wire,
      room.clients[index]!,
      {
        sync(body) {
          now = performance.now();
          findTokens(body, found);
        },
        acknowledged(count) {
          if (writer === undefined) return;
          const at = performance.now();
          for (let times = 0; times < count; times += 1) {
            const sentAt = writer.sentAt[writer.acknowledged]!;
            writer.acknowledged += 1;
            if (inWindow(sentAt)) gauge.durable.record(at - sentAt);
          }
        },
      },
      { sync: !options.relay },
    );
    return reader;
  }

  const readers: Reader[] = [];
  const atOnce = 20;
  for (let from = 0; from < options.readers; from += atOnce) {
    const some = Array.from({ length: Math.min(atOnce, options.readers - from) }, (_, index) => join(from + index));
    readers.push(...(await Promise.all(some)));
  }

  const sentByOthers = (reader: Reader) =>
    writers.reduce((sum, writer) => sum + (writer === reader.writer ? 0 : writer.sent), 0);
  const mixedByOthers = (reader: Reader) =>
    writers.reduce((sum, writer) => (writer === reader.writer ? sum : (sum + writer.mixed) | 0), 0);

  return {
    readers,
    writers,
    write(writer, times) {
      const { socket } = readers[writer.id - firstWriter]!.client;
      const last = Math.min(writer.sent + times, writer.frames.length);
      socket.cork();
      while (writer.sent < last) {
        writer.sentAt[writer.sent] = performance.now();
        writer.mixed = (writer.mixed + mix(writer.id, writer.sent)) | 0;
        socket.send(writer.frames[writer.sent]!);
        writer.sent += 1;
      }
      socket.uncork();
    },
    missing: () => readers.reduce((sum, reader) => sum + Math.max(0, sentByOthers(reader) - reader.received), 0),
    unacknowledged: () => writers.reduce((sum, writer) => sum + writer.sent - writer.acknowledged, 0),
    wrongReaders: () =>
      readers.filter(
        (reader) =>
          reader.client.closedWith !== undefined ||
          reader.received !== sentByOthers(reader) ||
          reader.mixed !== mixedByOthers(reader),
      ).length,
    close() {
      for (const { client } of readers) client.close();
    },
  };
}
