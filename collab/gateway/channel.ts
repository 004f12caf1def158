import * as decoding from 'lib0/decoding';
import { closeCodes, type CloseReason } from '#contract/close-codes.ts';
import type { Admission } from '../admission.ts';
import type { Presence } from '../presence.ts';
import type { Reader, Room } from '../rooms/room.ts';
import type { Rooms } from '../rooms/rooms.ts';
import { AwarenessFilter } from './awareness.ts';
import type { Budgets } from './budgets.ts';
import type { ClientSocket } from './client-socket.ts';
import { ContentLane, type ContentDeps } from './content-lane.ts';
import { frameFor, type Dialect } from './dialect.ts';
import type { Strikes } from './strikes.ts';
import * as wire from './wire.ts';

export type ChannelDeps = ContentDeps & {
  rooms: Rooms;
  budgets: Budgets;
  strikes: Strikes;
  presence: Presence;
  /** Whose token this is, as far as it can be told without asking anybody. */
  identify: (token: string) => string;
  admit: (token: string, document: string) => Promise<Admission | CloseReason>;
  /** How often rights have changed on this node. */
  accessChanges: () => number;
};

const maxQueuedFrames = 1_000;
/** Opening a document costs as much as this many frames: names cannot be tried out quickly. */
const framesPerOpening = 20;
/** A frame that takes long costs its sender this many frames for each ms. */
const framesPerMs = 10;
/** On a busy machine time passes for other reasons, too. */
const mostMsCharged = 50;

/**
 * One document on one socket. Who may enter and what may be said is decided here and in the files beside this one; what
 * the readers of the document share is the room's.
 */
export class Channel implements Reader {
  readonly document: string;
  readonly socket: ClientSocket;
  readonly dialect: Dialect;
  readonly #deps: ChannelDeps;
  readonly #ended: () => void;
  /** Whose attempts to open this document are counted together. */
  #who = '';
  #admission: Admission | undefined;
  #room: Room | undefined;
  #awareness: AwarenessFilter | undefined;
  #content: ContentLane | undefined;
  /** Frames that came before the room could take this reader. */
  #queue: { frame: Uint8Array; early: boolean }[] = [];
  #queuedBytes = 0;
  #closed = false;
  /** The client has been sent awareness, so what it sends from now on may be an echo of it. */
  #saidAwareness = false;

  constructor(
    deps: ChannelDeps,
    options: { document: string; socket: ClientSocket; dialect: Dialect; ended: () => void },
  ) {
    this.#deps = deps;
    this.document = options.document;
    this.socket = options.socket;
    this.dialect = options.dialect;
    this.#ended = options.ended;
  }

  get admission(): Admission | undefined {
    return this.#admission;
  }

  get addressing() {
    return this.dialect.addressing;
  }

  /** Judges the token and enters the room; frames that arrive meanwhile wait. */
  async open(token: string): Promise<void> {
    try {
      const admission = await this.#admit(token);
      if (this.#closed) return;
      if (typeof admission === 'string') return this.#refuse(admission);
      this.#admission = admission;
      const room = this.#deps.rooms.room(this.document);
      await room.ready();
      if (!this.#closed) this.#enter(room);
    } catch (error) {
      if (this.#closed) return;
      this.#deps.log.error({ error }, 'a document socket could not be opened');
      this.#refuse('cannotLoad');
    }
  }

  async #admit(token: string): Promise<Admission | CloseReason> {
    const { strikes, budgets } = this.#deps;
    const person = this.#deps.identify(token);
    this.#who = `${person} ${this.document}`;
    const delay = Math.max(strikes.delay(this.#who), budgets.spend(person, { frames: framesPerOpening, bytes: 0 }));
    if (delay > 0) await new Promise((resolve) => setTimeout(resolve, delay).unref());
    return this.#closed ? 'unauthorized' : this.#judge(token);
  }

  /** Rights that change while they are being looked up are looked up again: the news could not have found this socket. */
  async #judge(token: string): Promise<Admission | CloseReason> {
    for (;;) {
      const changes = this.#deps.accessChanges();
      const admission = await this.#deps.admit(token, this.document);
      if (this.#closed || changes === this.#deps.accessChanges()) return admission;
    }
  }

  #enter(room: Room): void {
    const { user, sessionId, access, name } = this.#admission!;
    const owner = { userId: user.id, sessionId, live: true, replaced: () => this.close('accessChanged') };
    this.#room = room;
    this.#awareness = new AwarenessFilter({
      owner,
      user,
      reader: this,
      owners: room.owners,
      awareness: room.awareness,
      maxStateBytes: this.#deps.limits.awarenessStateBytes,
    });
    this.#content = new ContentLane(this.#deps, {
      room,
      reader: this,
      socket: this.socket,
      dialect: this.dialect,
      admission: () => this.#admission!,
      close: (reason) => this.close(reason),
      charge: (ms) => this.#charge(ms),
    });
    const welcome = this.dialect.welcome(access);
    if (welcome !== undefined) this.#send(welcome);
    room.enter(this);
    this.#deps.presence.enter(name.classroomId, user.id, this);
    const queue = this.#queue;
    this.#queue = [];
    for (const { frame, early } of queue) this.#handle(frame, early);
  }

  /** Takes a frame without its address. */
  receive(frame: Uint8Array): void {
    if (this.#closed) return;
    if (this.#admission !== undefined) this.#spend({ frames: 1, bytes: frame.length });
    if (this.#room === undefined) return this.#wait(frame, !this.#saidAwareness);
    this.#handle(frame, !this.#saidAwareness);
  }

  /** Charges this person; whoever has sent too much is read more slowly. */
  #spend(cost: { frames: number; bytes: number }): void {
    const pause = this.#deps.budgets.spend(this.#admission!.user.id, cost);
    if (pause > 0) this.socket.hold(pause);
  }

  #charge(ms: number): void {
    if (ms > 1) this.#spend({ frames: Math.min(ms, mostMsCharged) * framesPerMs, bytes: 0 });
  }

  #wait(frame: Uint8Array, early: boolean): void {
    this.#queuedBytes += frame.length;
    if (this.#queue.length >= maxQueuedFrames || this.#queuedBytes > 2 * this.#deps.limits.frameBytes)
      return this.close('malformed');
    this.#queue.push({ frame, early });
  }

  /** Takes the answer to the question what this person may do now. */
  judged(now: Admission | CloseReason): void {
    const before = this.#admission;
    if (before === undefined || this.#closed) return;
    if (typeof now === 'string') return this.close(now);
    this.#admission = { ...before, until: now.until };
    if (now.access === before.access && now.user.role === before.user.role) return;
    // Text that was refused must not come in by the back door when the same Y.Doc is let write.
    this.close(this.#content?.hasRefused === true ? 'discardState' : 'accessChanged');
  }

  /** The log has room again: a writer whose updates were turned away reconnects and brings them. */
  logHasRoom(): void {
    if (this.#content?.hasRefusedWhileFull === true) this.close('accessChanged');
  }

  caughtUp(): void {
    this.#room?.caughtUp(this);
  }

  write(frame: Buffer, droppable: boolean): void {
    if (droppable) this.#saidAwareness = true;
    this.socket.write(frame, droppable);
  }

  close(reason: CloseReason): void {
    if (this.#closed) return;
    this.#strike(reason);
    this.end();
    this.dialect.closed(reason);
    this.socket.close(reason);
  }

  /** The socket has gone, or the client has let go of this document. */
  end(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#queue = [];
    this.#content?.close();
    if (this.#room !== undefined) {
      this.#room.leave(this);
      this.#awareness!.release();
      const { name, user } = this.#admission!;
      this.#deps.presence.leave(name.classroomId, user.id, this);
    }
    this.#ended();
  }

  #send(...bodies: Uint8Array[]): void {
    this.socket.writeAll(bodies.map((body) => frameFor(this.dialect, body)));
  }

  #refuse(reason: CloseReason): void {
    if (this.#closed) return;
    const retries = closeCodes[reason].client === 'retries';
    const answer = retries ? undefined : this.dialect.refusal(reason);
    if (answer === undefined) return this.close(reason);
    this.#strike(reason);
    this.#send(answer);
    this.end();
  }

  /** Whoever comes back after this all the same is made to wait. */
  #strike(reason: CloseReason): void {
    if (closeCodes[reason].client === 'stops') this.#deps.strikes.strike(this.#who);
  }

  #handle(frame: Uint8Array, early: boolean): void {
    if (this.#closed) return;
    const started = performance.now();
    try {
      this.#dispatch(frame, early);
      this.#charge(performance.now() - started);
    } catch (error) {
      // lib0 throws at the end of a frame that is too short.
      this.#deps.log.debug({ error: (error as Error).message }, 'a malformed frame');
      this.close('malformed');
    }
  }

  #dispatch(frame: Uint8Array, early: boolean): void {
    const decoder = decoding.createDecoder(frame);
    const type = decoding.readVarUint(decoder);
    if (type === wire.messageType.sync) return this.#content!.receive(frame);
    if (type === wire.messageType.awareness) {
      if (!this.#awareness!.receive(decoding.readVarUint8Array(decoder), !early)) this.close('malformed');
      return;
    }
    if (type === wire.messageType.queryAwareness) return this.caughtUp();
    if (!this.dialect.multiplexed) return this.close('malformed');
    if (type === wire.messageType.close) return this.end();
    // A Hocuspocus client offers its token again now and then; it was judged when the channel opened.
    if (type !== wire.messageType.auth) this.close('malformed');
  }
}
