import { randomInt } from 'node:crypto';
import type { ServerAwareness } from '#contract/awareness.ts';
import type { CloseReason } from '#contract/close-codes.ts';
import type { Log } from '#platform/log.ts';
import type { AwarenessOwner } from '../gateway/awareness.ts';
import { SharedMessage, type Addressing } from '../gateway/websocket-frame.ts';
import * as wire from '../gateway/wire.ts';
import type { Live } from '../live-documents.ts';
import { RoomAwareness } from './awareness.ts';
import { Intake } from './intake.ts';
import { JoinCache } from './join-cache.ts';
import { changeState, type StoredState } from './server-state.ts';

/** One document on one socket, as its room sees it. */
export interface Reader {
  readonly addressing: Addressing;
  /** Sends a whole WebSocket frame. What is `droppable` is left out while the reader is behind; a slow one is closed. */
  write(frame: Buffer, droppable: boolean): void;
  close(reason: CloseReason): void;
}

/** A document in memory with what belongs to it there. */
export type Awake = {
  live: Live;
  joins: JoinCache;
  intake: Intake<Reader>;
  /** Fingerprints of updates that are in the document. */
  contained: Set<string>;
};

export type RoomDeps = {
  /** Loads a document; `close` lets it leave memory again. Rejects when it cannot be loaded. */
  openDocument: (name: string) => Promise<{ live: Live; close: () => Promise<void> }>;
  readState: (name: string) => Promise<StoredState>;
  logState: () => ServerAwareness['log'];
  /** What a document may hold back for missing updates, in bytes. */
  pendingBytes: number;
  now: () => number;
  log: Log;
};

/** Somebody who reloads the page finds the document still in memory. */
const abandonedMs = 2_000;

/**
 * One document on this node: the readers on its sockets, what is said about them, and the document itself while it is
 * needed. A document that nobody writes or joins leaves memory while its readers stay; presence goes on without it.
 */
export class Room {
  readonly name: string;
  readonly awareness: RoomAwareness;
  /** Who holds which awareness id, also those who have left: another person cannot take an id over. */
  readonly owners = new Map<number, AwarenessOwner>();
  readonly #deps: RoomDeps;
  readonly #readers = new Set<Reader>();
  #awake: (Awake & { close: () => Promise<void> }) | undefined;
  #waking: Promise<Awake> | undefined;
  /** Opening and closing of the document, one after the other. */
  #turn: Promise<unknown> = Promise.resolve();
  #turns = 0;
  #holds = 0;
  #usedAt: number;
  #state: ServerAwareness | undefined;
  #earlyNews: Partial<ServerAwareness>[] = [];

  constructor(name: string, deps: RoomDeps) {
    this.name = name;
    this.#deps = deps;
    this.#usedAt = deps.now();
    this.awareness = new RoomAwareness(randomInt(2 ** 16, 2 ** 32), {
      now: deps.now,
      readers: () => this.#readers.size,
      publish: (update, except) =>
        this.#broadcast(new SharedMessage(wire.awarenessBody(update)), {
          droppable: true,
          except: (reader) => except.has(reader),
        }),
      publishTo: (owner, update) => {
        const reader = owner as Reader;
        reader.write(new SharedMessage(wire.awarenessBody(update)).frame(reader.addressing), true);
      },
    });
  }

  get readers(): ReadonlySet<Reader> {
    return this.#readers;
  }

  /** The document, when it is in memory. */
  get awake(): Awake | undefined {
    return this.#awake;
  }

  /** The document, loaded if need be. Rejects when it cannot be loaded. */
  wake(): Promise<Awake> {
    this.#usedAt = this.#deps.now();
    if (this.#awake !== undefined) return Promise.resolve(this.#awake);
    this.#waking ??= this.#inTurn(() => this.#open()).finally(() => {
      this.#waking = undefined;
    });
    return this.#waking;
  }

  /** Resolves when the room can take readers: what the server says about the document is known. Rejects like `wake`. */
  async ready(): Promise<void> {
    if (this.#state === undefined) await this.wake();
  }

  /** Keeps the document in memory while `work` goes on. */
  async use<T>(work: (awake: Awake) => Promise<T>): Promise<T> {
    this.#holds += 1;
    try {
      return await work(await this.wake());
    } finally {
      this.#holds -= 1;
    }
  }

  /** From here on this reader is told everything. */
  enter(reader: Reader): void {
    this.#readers.add(reader);
    reader.write(this.#allAwareness(reader), true);
  }

  leave(reader: Reader): void {
    this.#readers.delete(reader);
    this.#awake?.intake.forget(reader);
  }

  /** A reader who had fallen behind has caught up, but for the awareness that was left out. */
  caughtUp(reader: Reader): void {
    if (this.#readers.has(reader)) reader.write(this.#allAwareness(reader), true);
  }

  /** The document has changed: everybody gets it, but for the reader it came from. */
  changed(update: Uint8Array, from: unknown): void {
    this.#usedAt = this.#deps.now();
    const message = new SharedMessage(wire.syncUpdate(update));
    this.#awake?.joins.changed(message);
    this.#broadcast(message, { droppable: false, except: (reader) => reader === from });
  }

  /** News for the server's own awareness state. */
  tell(news: Partial<ServerAwareness>): void {
    if (this.#state === undefined) return void this.#earlyNews.push(news);
    const next = changeState(this.#state, news);
    if (next === undefined) return;
    this.#state = next;
    this.awareness.setServerState(next);
  }

  /** Closes every socket of this document. */
  closeAll(reason: CloseReason): void {
    for (const reader of [...this.#readers]) reader.close(reason);
  }

  /** The document was made anew: whoever holds its old life must start afresh, and so does this node. */
  discard(): void {
    this.closeAll('discardState');
    this.#state = undefined;
    this.#sleep();
  }

  /**
   * Called every second or so. `idleMs`: how long an unused document stays in memory while it has readers; `clean`: the
   * database has everything of it. Returns true when nothing is left of the room.
   */
  tick(idleMs: number, clean: boolean): boolean {
    this.awareness.renew();
    const idle = this.#deps.now() - this.#usedAt;
    const needed = this.#holds > 0 || this.#waking !== undefined || !clean;
    if (!needed && idle >= (this.#readers.size === 0 ? Math.min(idleMs, abandonedMs) : idleMs)) this.#sleep();
    const empty = this.#readers.size === 0 && this.#awake === undefined && this.#turns === 0 && !needed;
    if (empty) this.awareness.close();
    return empty;
  }

  async close(): Promise<void> {
    this.awareness.close();
    this.#sleep();
    await this.#turn;
  }

  async #open(): Promise<Awake> {
    const { live, close } = await this.#deps.openDocument(this.name);
    try {
      await this.#prepareState(live.epoch);
    } catch (error) {
      await close();
      throw error;
    }
    this.#awake = {
      live,
      joins: new JoinCache(live.document),
      contained: new Set(),
      intake: new Intake(live.document, this.#deps.pendingBytes),
      close,
    };
    return this.#awake;
  }

  async #prepareState(epoch: number): Promise<void> {
    if (this.#state !== undefined) {
      // It was made anew while it slept, and the news did not get here.
      if (this.#state.epoch !== epoch) this.closeAll('discardState');
      return this.tell({ epoch });
    }
    const stored = await this.#deps.readState(this.name);
    this.#state = { kind: 'server', epoch, log: this.#deps.logState(), ...stored };
    this.awareness.setServerState(this.#state);
    for (const news of this.#earlyNews) this.tell(news);
    this.#earlyNews = [];
  }

  #sleep(): void {
    const awake = this.#awake;
    if (awake === undefined) return;
    this.#awake = undefined;
    void this.#inTurn(awake.close).catch((error: unknown) =>
      this.#deps.log.error({ error, document: this.name }, 'a document could not be unloaded'),
    );
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    this.#turns += 1;
    const done = this.#turn.then(work).finally(() => {
      this.#turns -= 1;
    });
    this.#turn = done.catch(() => {});
    return done;
  }

  #allAwareness(reader: Reader): Buffer {
    return new SharedMessage(wire.awarenessBody(this.awareness.full())).frame(reader.addressing);
  }

  #broadcast(message: SharedMessage, options: { droppable: boolean; except: (reader: Reader) => boolean }): void {
    for (const reader of this.#readers) {
      if (!options.except(reader)) reader.write(message.frame(reader.addressing), options.droppable);
    }
  }
}
