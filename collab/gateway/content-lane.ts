import * as decoding from 'lib0/decoding';
import * as Y from 'yjs';
import type { CloseReason } from '#contract/close-codes.ts';
import type { DocumentLimits } from '#contract/limits.ts';
import type { Log } from '#platform/log.ts';
import type { Admission } from '../admission.ts';
import type { CollabMeter } from '../metrics.ts';
import type { Awake, Reader, Room } from '../rooms/room.ts';
import type { ClientSocket } from './client-socket.ts';
import { frameFor, type Dialect } from './dialect.ts';
import type { UpdateDoor } from './update-door.ts';
import { lightBytes, type UpdateWeigher } from './update-weigher.ts';
import { isOtherEpoch } from './updates.ts';
import * as wire from './wire.ts';

export type ContentDeps = {
  updates: UpdateDoor;
  weigher: UpdateWeigher;
  limits: DocumentLimits;
  meter: CollabMeter;
  log: Log;
};

type Host = {
  room: Room;
  reader: Reader;
  socket: ClientSocket;
  dialect: Dialect;
  admission: () => Admission;
  close: (reason: CloseReason) => void;
  /** Charges the person for time, in ms. */
  charge: (ms: number) => void;
};

/** Frames that may wait at once, of one document on one socket. */
const maxWaiting = 1_000;
/** State vectors of a class that meets for years are far smaller. */
const maxStateVectorBytes = 512 * 1024;

/**
 * What one socket says about the content of one document: sync frames, strictly in order. They wait here for a document
 * that sleeps, for a heavy update to be weighed, and for large updates to make room; presence does not wait with them.
 */
export class ContentLane {
  readonly #deps: ContentDeps;
  readonly #host: Host;
  #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #waiting = false;
  /** This frame has been weighed and may pass. */
  #weighed: Uint8Array | undefined;
  /** The client's first answer to the server's question has come. */
  #answered = false;
  #closed = false;
  #refused = false;
  #refusedWhileFull = false;

  constructor(deps: ContentDeps, host: Host) {
    this.#deps = deps;
    this.#host = host;
  }

  /** An update was refused: the client's Y.Doc holds text that is nowhere else. */
  get hasRefused(): boolean {
    return this.#refused;
  }

  /** An update was refused because the log was full; the client must bring it again. */
  get hasRefusedWhileFull(): boolean {
    return this.#refusedWhileFull;
  }

  /** Takes a whole sync frame, without its address. Throws when it ends too early. */
  receive(frame: Uint8Array): void {
    if (this.#closed) return;
    if (this.#waiting) return this.#wait(frame);
    const { awake } = this.#host.room;
    if (awake === undefined) return this.#until(this.#host.room.wake(), frame);
    if (frame.length > lightBytes && frame !== this.#weighed) return this.#until(this.#weigh(frame), frame);
    this.#sync(awake, frame);
  }

  /** The socket has gone: what waits is not let in. */
  close(): void {
    this.#closed = true;
    this.#queue = [];
    this.#weighed = undefined;
  }

  #wait(frame: Uint8Array): void {
    this.#queuedBytes += frame.length;
    const tooMuch = this.#queue.length >= maxWaiting || this.#queuedBytes > 2 * this.#deps.limits.frameBytes;
    if (tooMuch) this.#host.close('malformed');
    else this.#queue.push(frame);
  }

  /** This frame and all behind it wait until that is done. */
  #until(done: Promise<unknown>, frame: Uint8Array): void {
    this.#wait(frame);
    this.#waiting = true;
    done.then(
      () => {
        this.#waiting = false;
        this.#replay();
      },
      (error: unknown) => {
        if (this.#closed) return;
        this.#deps.log.error({ error, document: this.#host.room.name }, 'frames about a document could not be handled');
        this.#host.close('cannotLoad');
      },
    );
  }

  #replay(): void {
    const queue = this.#queue;
    this.#queue = [];
    this.#queuedBytes = 0;
    const started = performance.now();
    try {
      for (const frame of queue) this.receive(frame);
    } catch (error) {
      this.#deps.log.debug({ error: (error as Error).message }, 'a malformed frame');
      this.#host.close('malformed');
    }
    this.#host.charge(performance.now() - started);
  }

  /** A frame of a few megabytes can hold more than the process can take in without stalling. */
  async #weigh(frame: Uint8Array): Promise<void> {
    const { limits, weigher } = this.#deps;
    const { step, payload } = read(frame);
    if (step !== wire.syncType.step1) {
      const weight = await weigher.weigh(payload);
      if (weight === undefined) return this.#host.close('malformed');
      const tooHeavy = weight.structs > limits.updateStructs || weight.deletions > limits.updateDeletions;
      if (tooHeavy) return this.#host.close('tooLarge');
    }
    this.#weighed = frame;
  }

  #sync(awake: Awake, frame: Uint8Array): void {
    const { step, payload } = read(frame);
    if (step === wire.syncType.step1) return this.#answer(awake, payload);
    if (step !== wire.syncType.step2 && step !== wire.syncType.update) return this.#host.close('malformed');
    const first = step === wire.syncType.step2 && !this.#answered;
    this.#answered ||= first;
    if (this.#take(awake, payload, first) === 'handled') return;
    // Large updates are still on their way into the document; they may make room.
    this.#weighed = frame;
    this.#until(this.#deps.updates.settled(this.#host.room.name), frame);
  }

  #answer(awake: Awake, stateVector: Uint8Array): void {
    if (stateVector.length > maxStateVectorBytes) return this.#host.close('malformed');
    if (isOtherEpoch(awake.live.epoch, Y.decodeStateVector(stateVector))) return this.#host.close('discardState');
    const answer = [...awake.joins.answer(stateVector), awake.joins.question()];
    const { socket, dialect } = this.#host;
    socket.writeAnswer(answer.map((message) => message.frame(dialect.addressing)));
  }

  #take(awake: Awake, update: Uint8Array, first: boolean): 'handled' | 'later' {
    const { updates, meter } = this.#deps;
    const { room, reader, dialect, socket } = this.#host;
    const { user, access, name } = this.#host.admission();
    const arrived = performance.now();
    const again = () => {
      if (this.#closed || this.#take(awake, update, false) === 'handled') return;
      void updates.settled(room.name).then(again);
    };
    const stored = () => {
      meter.stored(performance.now() - arrived);
      dialect.stored();
    };
    const shared = name.kind === 'main';
    const outcome = updates.take({ room, awake, update, first, from: reader, user, access, shared, again, stored });
    if (outcome === 'taken') return 'handled';
    if (outcome === 'later') return 'later';
    if (outcome !== 'readOnly' && outcome !== 'logFull') {
      this.#host.close(outcome);
      return 'handled';
    }
    meter.dropped(outcome === 'readOnly' ? 'read-only' : 'log-full');
    if (outcome === 'readOnly') this.#refused = true;
    else this.#refusedWhileFull = true;
    const answer = dialect.notStored();
    if (answer !== undefined) socket.write(frameFor(dialect, answer));
    return 'handled';
  }
}

function read(frame: Uint8Array): { step: number; payload: Uint8Array } {
  const decoder = decoding.createDecoder(frame);
  decoding.readVarUint(decoder);
  return { step: decoding.readVarUint(decoder), payload: decoding.readVarUint8Array(decoder) };
}
