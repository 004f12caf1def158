import * as encoding from 'lib0/encoding';

/** Whoever an awareness entry belongs to: it leaves with its owner. */
export type EntryOwner = object;

type Entry = {
  /** As the readers know it. It runs ahead of the client's own once the server has renewed the entry. */
  clock: number;
  /** As the client counts. */
  clientClock: number;
  /** JSON */
  state: string;
  owner: EntryOwner | undefined;
  /** When the readers last heard of it, epoch ms. */
  at: number;
  encoded: Uint8Array;
};

type Deps = {
  now: () => number;
  readers: () => number;
  /** Sends an awareness update to all readers but `except`. */
  publish: (update: Uint8Array, except: ReadonlySet<EntryOwner>) => void;
  /** Sends one to the owner of an entry. */
  publishTo: (owner: EntryOwner, update: Uint8Array) => void;
};

/** Entries delivered a second, summed over the readers, before changes are gathered for longer. */
const deliveriesPerSecond = 100_000;
const gatherMs = { least: 50, most: 1_000 };
/** Readers drop what they have not heard of for 30 s. */
const renewServerAfterMs = 12_000;
/** Clients renew themselves every 15 s, unless their tab sleeps in the background. */
const renewClientAfterMs = 20_000;
const maxRemembered = 10_000;

/**
 * Who is in a room, in the terms of y-protocols' awareness: entries of client id, clock and JSON state. It needs no
 * document, so it lives on while the document sleeps, and keeps entries fresh for as long as their sockets live.
 * Changes are gathered: at once when it has been quiet, then for 50 ms, and longer the more entries times readers there are.
 */
export class RoomAwareness {
  readonly serverId: number;
  readonly #deps: Deps;
  readonly #entries = new Map<number, Entry>();
  /** Last clocks of entries that are gone: readers ignore anything that is not newer. */
  readonly #gone = new Map<number, number>();
  #changed = new Set<number>();
  /** Until when changes are gathered, epoch ms. */
  #gatherUntil = 0;
  #cancel: (() => void) | undefined;
  #full: Uint8Array | undefined;

  constructor(serverId: number, deps: Deps) {
    this.serverId = serverId;
    this.#deps = deps;
  }

  /** The clock under which readers know this id; -1 when they do not. */
  clockOf(clientId: number): number {
    return this.#entries.get(clientId)?.clock ?? this.#gone.get(clientId) ?? -1;
  }

  /** The server's own state. */
  setServerState(state: object): void {
    this.#put(this.serverId, { state: JSON.stringify(state), clientClock: 0, owner: undefined });
  }

  /** What the owner of an id says about itself; news that it has overtaken itself is passed over. */
  set(clientId: number, clientClock: number, state: string | null, owner: EntryOwner): void {
    const entry = this.#entries.get(clientId);
    if (state === null) return this.remove(clientId, owner);
    if (entry !== undefined && entry.owner === owner && clientClock <= entry.clientClock) return;
    this.#put(clientId, { state, clientClock, owner });
  }

  /** The id leaves, if it is this owner's. */
  remove(clientId: number, owner: EntryOwner): void {
    const entry = this.#entries.get(clientId);
    if (entry === undefined || entry.owner !== owner) return;
    this.#entries.delete(clientId);
    this.#gone.set(clientId, entry.clock + 1);
    if (this.#gone.size > maxRemembered) this.#gone.delete(this.#gone.keys().next().value!);
    this.#touch(clientId);
  }

  /** Everything, as one awareness update. */
  full(): Uint8Array {
    this.#full ??= encode([...this.#entries.values()].map(({ encoded }) => encoded));
    return this.#full;
  }

  /** Tells the readers again of what they would soon drop. Call it every second or so. */
  renew(): void {
    const now = this.#deps.now();
    for (const [clientId, entry] of this.#entries) {
      const after = clientId === this.serverId ? renewServerAfterMs : renewClientAfterMs;
      if (now - entry.at >= after) this.#put(clientId, entry);
    }
  }

  close(): void {
    this.#cancel?.();
  }

  #put(clientId: number, news: { state: string; clientClock: number; owner: EntryOwner | undefined }): void {
    const { state, clientClock, owner } = news;
    // y-protocols takes no entry of an unknown client that has clock 0.
    const clock = Math.max(clientClock, this.clockOf(clientId) + 1, 1);
    const encoded = encodeEntry(clientId, clock, state);
    this.#entries.set(clientId, { clock, clientClock, state, owner, at: this.#deps.now(), encoded });
    this.#gone.delete(clientId);
    this.#touch(clientId);
  }

  #touch(clientId: number): void {
    this.#full = undefined;
    this.#changed.add(clientId);
    if (this.#cancel !== undefined) return;
    const wait = this.#gatherUntil - this.#deps.now();
    if (wait <= 0) {
      const immediate = setImmediate(() => this.#flush());
      this.#cancel = () => clearImmediate(immediate);
    } else {
      const timer = setTimeout(() => this.#flush(), wait);
      this.#cancel = () => clearTimeout(timer);
    }
  }

  #flush(): void {
    this.#cancel = undefined;
    const changed = [...this.#changed];
    this.#changed = new Set();
    const parts = changed.map((clientId) => this.#encoded(clientId));
    // A client must not be told of itself under a clock ahead of its own: it would take its own older state back.
    const ahead = changed.filter((clientId) => this.#isAhead(clientId));
    const owners = new Set(ahead.map((clientId) => this.#entries.get(clientId)!.owner!));
    this.#deps.publish(encode(parts), owners);
    for (const clientId of ahead) {
      const others = parts.filter((_part, index) => changed[index] !== clientId);
      if (others.length > 0) this.#deps.publishTo(this.#entries.get(clientId)!.owner!, encode(others));
    }
    const deliveries = changed.length * this.#deps.readers();
    const gather = Math.max((deliveries / deliveriesPerSecond) * 1_000, gatherMs.least);
    this.#gatherUntil = this.#deps.now() + Math.min(gather, gatherMs.most);
  }

  #isAhead(clientId: number): boolean {
    const entry = this.#entries.get(clientId);
    return entry?.owner !== undefined && entry.clock > entry.clientClock;
  }

  #encoded(clientId: number): Uint8Array {
    return this.#entries.get(clientId)?.encoded ?? encodeEntry(clientId, this.#gone.get(clientId) ?? 0, 'null');
  }
}

function encodeEntry(clientId: number, clock: number, state: string): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, clientId);
  encoding.writeVarUint(encoder, clock);
  encoding.writeVarString(encoder, state);
  return encoding.toUint8Array(encoder);
}

/** y-protocols `awareness.js`: a count, then the entries. */
function encode(entries: readonly Uint8Array[]): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, entries.length);
  for (const entry of entries) encoding.writeUint8Array(encoder, entry);
  return encoding.toUint8Array(encoder);
}
