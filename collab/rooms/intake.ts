import * as Y from 'yjs';

/** An update that builds on something that is not here yet, kept until that comes. */
type Held<T> = { update: Uint8Array; from: T; userId: string; examineAgain: () => void };

/** Of one person. */
const maxHeldUpdates = 50;
/** Gaps come one by one; more people than this with all of theirs at once are an attack. */
const personsHeld = 20;

/**
 * What is on its way into a document in memory: how far each Yjs client's history reaches once everything appended is
 * applied, and updates with a gap. Those are held here, not in the document: a client that sends what nothing can follow
 * must not make the document larger for everybody. They are in no journal, nobody has seen them, nobody was told they are
 * safe; who sent them still has them.
 */
export class Intake<T> {
  readonly #doc: Y.Doc;
  readonly #maxBytes: number;
  readonly #ahead = new Map<number, number>();
  #held: Held<T>[] = [];

  constructor(doc: Y.Doc, maxBytes: number) {
    this.#doc = doc;
    this.#maxBytes = maxBytes;
  }

  /** End of this client's history, what is being written included. */
  readonly known = (client: number): number => {
    const applied = Y.getState(this.#doc.store, client);
    const ahead = this.#ahead.get(client);
    if (ahead === undefined) return applied;
    if (ahead > applied) return ahead;
    this.#ahead.delete(client);
    return applied;
  };

  /** An update has been appended; held updates that waited for it are examined again. */
  appended(ends: ReadonlyMap<number, number>): void {
    for (const [client, end] of ends) this.#ahead.set(client, Math.max(end, this.known(client)));
    if (this.#held.length === 0 || ends.size === 0) return;
    const held = this.#held;
    this.#held = [];
    for (const { examineAgain } of held) examineAgain();
  }

  /** Keeps an update with a gap. Returns false when this person, or everybody together, has no room left for it. */
  hold(held: Held<T>): boolean {
    const own = this.#held.filter(({ userId }) => userId === held.userId);
    if (own.length >= maxHeldUpdates || this.#held.length >= maxHeldUpdates * personsHeld) return false;
    const bytes = own.reduce((sum, { update }) => sum + update.length, held.update.length);
    if (bytes > this.#maxBytes) return false;
    this.#held.push(held);
    return true;
  }

  /** Whoever sent them has gone, and will bring them again. */
  forget(from: T): void {
    if (this.#held.length > 0) this.#held = this.#held.filter((held) => held.from !== from);
  }
}
