import type { Connection, Document, Hocuspocus, WebSocketLike } from '@hocuspocus/server';
import * as decoding from 'lib0/decoding';
import { encodeAwarenessUpdate } from 'y-protocols/awareness';
import * as Y from 'yjs';
import { closeCodes, type CloseReason } from '#contract/close-codes.ts';
import { limits } from '#contract/limits.ts';
import type { Log } from '#platform/log.ts';
import type { Admission } from '../admission.ts';
import type { LiveDocuments } from '../live-documents.ts';
import type { WritePath } from '../log/write-path.ts';
import { AwarenessFilter, type AwarenessOwner } from './awareness.ts';
import type { ClientSocket } from './client-socket.ts';
import type { Dialect } from './dialect.ts';
import { examineUpdate, isOtherEpoch } from './updates.ts';
import * as wire from './wire.ts';

export type ChannelDeps = {
  hocuspocus: Hocuspocus<ChannelContext>;
  live: LiveDocuments;
  writePath: WritePath;
  admit: (token: string, document: string) => Promise<Admission | CloseReason>;
  /** How often rights have changed on this node. */
  accessChanges: () => number;
  rejudge: (admission: Admission) => Promise<Admission | CloseReason>;
  /** The awareness ids taken in a document. */
  awarenessOwners: (document: Document) => Map<number, AwarenessOwner>;
  log: Log;
};

/** What Hocuspocus' hooks know about who is behind a virtual connection; without it nothing opens. */
export type ChannelContext = { channel?: Channel; server?: true };

const maxQueuedFrames = 1_000;

/**
 * One document on one socket. The gateway decides everything here — who may enter, what is written, what is said about
 * presence — and Hocuspocus sees a virtual connection through which it only sends.
 */
export class Channel {
  readonly document: string;
  readonly #deps: ChannelDeps;
  readonly #socket: ClientSocket;
  readonly #dialect: Dialect;
  readonly #ended: () => void;
  readonly #enginePrefix: Uint8Array;
  #admission: Admission | undefined;
  #virtual: ReturnType<Hocuspocus['handleConnection']> | undefined;
  #opened: { connection: Connection; document: Document; epoch: number; awareness: AwarenessFilter } | undefined;
  #queue: { frame: Uint8Array; early: boolean }[] = [];
  #queuedBytes = 0;
  #closed = false;
  /** The client has been sent awareness, so what it sends from now on may be an echo of it. */
  #saidAwareness = false;
  /** An update of this socket was refused: its Y.Doc holds text that is nowhere else. */
  #refused = false;
  #refusedWhileFull = false;

  constructor(
    deps: ChannelDeps,
    options: { document: string; socket: ClientSocket; dialect: Dialect; ended: () => void },
  ) {
    this.#deps = deps;
    this.document = options.document;
    this.#socket = options.socket;
    this.#dialect = options.dialect;
    this.#ended = options.ended;
    this.#enginePrefix = wire.addressPrefix(options.document);
  }

  get admission(): Admission | undefined {
    return this.#admission;
  }

  /** Judges the token and opens the document; frames that arrive meanwhile wait. */
  async open(token: string): Promise<void> {
    try {
      const admission = await this.#admit(token);
      if (this.#closed) return;
      if (typeof admission === 'string') return this.#refuse(admission);
      this.#admission = admission;
      const request = new Request('http://collab.invalid/');
      this.#virtual = this.#deps.hocuspocus.handleConnection(this.#engineSocket(), request, { channel: this });
      this.#virtual.handleMessage(wire.concat(this.#enginePrefix, wire.authToken()));
    } catch (error) {
      this.#deps.log.error({ error }, 'a document socket could not be opened');
      this.#refuse('cannotLoad');
    }
  }

  /** Rights that change while they are being looked up are looked up again: the news could not have found this socket. */
  async #admit(token: string): Promise<Admission | CloseReason> {
    for (;;) {
      const changes = this.#deps.accessChanges();
      const admission = await this.#deps.admit(token, this.document);
      if (this.#closed || changes === this.#deps.accessChanges()) return admission;
    }
  }

  /** Called by the `connected` hook: the document is in memory and this channel is one of its readers. */
  opened(connection: Connection, document: Document): void {
    const live = this.#deps.live.get(this.document);
    if (this.#closed || live === undefined) return;
    const { sessionId } = this.#admission!;
    const owner = { sessionId, live: true, replaced: () => this.close('accessChanged') };
    const awareness = new AwarenessFilter(owner, this.#deps.awarenessOwners(document));
    this.#opened = { connection, document, epoch: live.epoch, awareness };
    const queue = this.#queue;
    this.#queue = [];
    for (const { frame, early } of queue) this.#handle(frame, early);
  }

  /** Takes a frame without its address. */
  receive(frame: Uint8Array): void {
    if (this.#closed) return;
    if (this.#opened !== undefined) return this.#handle(frame, !this.#saidAwareness);
    this.#queuedBytes += frame.length;
    if (this.#queue.length >= maxQueuedFrames || this.#queuedBytes > limits.frameBytes) return this.close('malformed');
    this.#queue.push({ frame, early: !this.#saidAwareness });
  }

  /** Judges again after a change of membership, mode or session. */
  async rejudge(): Promise<void> {
    const before = this.#admission;
    if (before === undefined || this.#closed) return;
    let now: Admission | CloseReason;
    try {
      now = await this.#deps.rejudge(before);
    } catch (error) {
      this.#deps.log.error({ error }, 'a document socket could not be judged again');
      now = 'cannotLoad';
    }
    if (typeof now === 'string') return this.close(now);
    if (now.access === before.access && now.user.role === before.user.role) return;
    // Text that was refused must not come in by the back door when the same Y.Doc is let write.
    this.close(this.#refused ? 'discardState' : 'accessChanged');
  }

  /** The log has room again: a writer whose updates were turned away reconnects and brings them. */
  logHasRoom(): void {
    if (this.#refusedWhileFull) this.close('accessChanged');
  }

  close(reason: CloseReason): void {
    if (this.#closed) return;
    this.end();
    this.#dialect.closed(reason);
    this.#socket.close(reason);
  }

  /** The socket has gone, or the client has let go of this document. */
  end(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#queue = [];
    this.#opened?.awareness.release();
    this.#virtual?.handleClose({ code: 1000, reason: '' });
    this.#ended();
  }

  keepAlive(): Uint8Array | undefined {
    return this.#opened === undefined ? undefined : this.#dialect.frame(wire.keepAlive);
  }

  #send(body: Uint8Array): void {
    this.#socket.send(this.#dialect.frame(body));
  }

  #refuse(reason: CloseReason): void {
    if (this.#closed) return;
    const retries = closeCodes[reason].client === 'retries';
    const answer = retries ? undefined : this.#dialect.refusal(reason);
    if (answer === undefined) return this.close(reason);
    this.#socket.send(answer);
    this.end();
  }

  /** The far end of the virtual connection: what Hocuspocus has to say to this reader. */
  #engineSocket(): WebSocketLike {
    const channel = this;
    return {
      get readyState() {
        return channel.#closed || !channel.#socket.isOpen ? 3 : 1;
      },
      send(data) {
        const frame = data as Uint8Array;
        const body = frame.subarray(channel.#enginePrefix.length);
        const type = body[0];
        if (type === wire.messageType.sync || type === wire.messageType.awareness) {
          channel.#saidAwareness ||= type === wire.messageType.awareness;
          channel.#socket.send(channel.#dialect.fromEngine(frame, body));
        } else if (type === wire.messageType.auth) {
          // Admission was ours, so a refusal can only mean that the document could not be loaded.
          if (body[1] === wire.authType.permissionDenied) channel.#refuse('cannotLoad');
          else if (channel.#dialect.wantsAuthenticated) channel.#send(body);
        }
      },
      close: () => channel.close('cannotLoad'),
    };
  }

  #handle(frame: Uint8Array, early: boolean): void {
    if (this.#closed) return;
    try {
      this.#dispatch(frame, early);
    } catch (error) {
      // lib0 throws at the end of a frame that is too short.
      this.#deps.log.debug({ error: (error as Error).message }, 'a malformed frame');
      this.close('malformed');
    }
  }

  #dispatch(frame: Uint8Array, early: boolean): void {
    const { connection, document, awareness } = this.#opened!;
    const decoder = decoding.createDecoder(frame);
    const type = decoding.readVarUint(decoder);
    if (type === wire.messageType.sync) return this.#sync(decoder);
    if (type === wire.messageType.awareness) {
      const context = { document, connection, user: this.#admission!.user, mayBeEcho: !early };
      if (!awareness.receive(decoding.readVarUint8Array(decoder), context)) this.close('malformed');
      return;
    }
    if (type === wire.messageType.queryAwareness) {
      const clients = [...document.awareness.getStates().keys()];
      return this.#send(wire.awarenessBody(encodeAwarenessUpdate(document.awareness, clients)));
    }
    if (type === wire.messageType.close) return this.end();
    // A Hocuspocus client offers its token again now and then; it was judged when the channel opened.
    if (type !== wire.messageType.auth) this.close('malformed');
  }

  #sync(decoder: decoding.Decoder): void {
    const { document, epoch } = this.#opened!;
    const step = decoding.readVarUint(decoder);
    const payload = decoding.readVarUint8Array(decoder);
    if (step === wire.syncType.step1) {
      if (isOtherEpoch(epoch, Y.decodeStateVector(payload))) return this.close('discardState');
      this.#send(wire.syncStep2(Y.encodeStateAsUpdate(document, payload)));
      return this.#send(wire.syncStep1(Y.encodeStateVector(document)));
    }
    if (step === wire.syncType.step2 || step === wire.syncType.update) return this.#update(payload);
    this.close('malformed');
  }

  #update(update: Uint8Array): void {
    const { document, epoch } = this.#opened!;
    const { writePath } = this.#deps;
    const verdict = examineUpdate(document, epoch, update);
    if (verdict === 'malformed') return this.close('malformed');
    if (verdict === 'otherEpoch') return this.close('discardState');
    const stored = () => this.#dialect.stored((frames) => this.#socket.sendAll(frames));
    if (verdict === 'contained') {
      // It is in memory, but perhaps not yet in the database.
      void writePath.stored(this.document).then(stored);
      return;
    }
    const admission = this.#admission!;
    const full = writePath.state() === 'full';
    if (admission.access === 'read' || full) {
      if (full) this.#refusedWhileFull = true;
      else this.#refused = true;
      const answer = this.#dialect.notStored();
      if (answer !== undefined) this.#socket.send(answer);
      return;
    }
    // What only deletes makes room and always passes.
    if (verdict === 'new' && !this.#deps.live.hasRoom(this.document, update.length)) return this.close('tooLarge');
    writePath.append({ document: this.document, epoch, userId: admission.user.id, update }, stored);
  }
}
