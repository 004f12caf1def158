import * as Y from 'yjs';
import { SharedMessage } from '../gateway/websocket-frame.ts';
import * as wire from '../gateway/wire.ts';

type Answer = { message: SharedMessage; since: number };

const maxAnswers = 8;
/** Beyond this it is cheaper to encode the document anew than to send what has happened since. */
const maxUpdates = 50;
const maxUpdateBytes = 64 * 1024;

/**
 * Answers to SyncStep1 that many ask alike: a class that joins together has the same, mostly empty, state vector. An
 * answer is encoded once; who asks later gets it with the updates since. These go first, and Yjs keeps them until the
 * answer is there: a stock client calls itself synced when that has come, and must have everything by then.
 */
export class JoinCache {
  readonly #doc: Y.Doc;
  #answers = new Map<string, Answer>();
  #updates: SharedMessage[] = [];
  #updateBytes = 0;
  #stateVector: SharedMessage | undefined;

  constructor(doc: Y.Doc) {
    this.#doc = doc;
  }

  /** The document has changed. */
  changed(update: SharedMessage): void {
    this.#stateVector = undefined;
    if (this.#answers.size === 0) return;
    this.#updates.push(update);
    this.#updateBytes += update.body.length;
    if (this.#updates.length > maxUpdates || this.#updateBytes > maxUpdateBytes) this.clear();
  }

  /** What a client with this state vector lacks, as messages in order. */
  answer(stateVector: Uint8Array): SharedMessage[] {
    const key = Buffer.from(stateVector).toString('latin1');
    const known = this.#answers.get(key);
    if (known !== undefined) return [...this.#updates.slice(known.since), known.message];
    const message = new SharedMessage(wire.syncStep2(Y.encodeStateAsUpdate(this.#doc, stateVector)));
    if (this.#answers.size >= maxAnswers) this.#answers.delete(this.#answers.keys().next().value!);
    this.#answers.set(key, { message, since: this.#updates.length });
    return [message];
  }

  /** The server's own SyncStep1. */
  question(): SharedMessage {
    this.#stateVector ??= new SharedMessage(wire.syncStep1(Y.encodeStateVector(this.#doc)));
    return this.#stateVector;
  }

  /** Lets go of the memory. */
  clear(): void {
    this.#answers.clear();
    this.#updates = [];
    this.#updateBytes = 0;
  }
}
