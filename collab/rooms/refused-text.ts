/** Remembered while a room lasts; the oldest goes first. */
const maxRemembered = 10_000;

/**
 * What readers have typed in vain. Their Y.Docs hold it still, and would bring it along when they come back as writers,
 * on another socket or after the network was away. It is known by the Yjs client that typed it, and deletions, which have
 * no author in Yjs, by the login session.
 */
export class RefusedText {
  readonly #clients = new Map<number, number>();
  readonly #sessions = new Set<string>();

  /** An update was refused. `ends`: Yjs client → how far it would have reached; empty when it only deletes. */
  add(sessionId: string, ends: ReadonlyMap<number, number>): void {
    if (ends.size === 0) this.#sessions.add(sessionId);
    for (const [client, end] of ends) this.#clients.set(client, Math.max(end, this.#clients.get(client) ?? 0));
    if (this.#clients.size > maxRemembered) this.#clients.delete(this.#clients.keys().next().value!);
    if (this.#sessions.size > maxRemembered) this.#sessions.delete(this.#sessions.values().next().value!);
  }

  /**
   * True when this update holds text that was refused before: its sender must start afresh. `first`: the update answers the
   * server's question what the client has, where deletions of long ago come up again.
   */
  isIn(sessionId: string, ends: ReadonlyMap<number, number>, first: boolean): boolean {
    for (const client of ends.keys()) if (this.#clients.has(client)) return true;
    // Forgotten with the answer: who starts afresh brings nothing.
    return first && this.#sessions.delete(sessionId);
  }

  /** This session has come back as a writer, and what it has is what the server has. */
  clear(sessionId: string): void {
    this.#sessions.delete(sessionId);
  }
}
