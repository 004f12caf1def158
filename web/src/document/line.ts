import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import { WebsocketProvider } from 'y-websocket';
import * as Y from 'yjs';
import { closeCodes } from '#contract/close-codes.ts';
import type { AwarenessUser } from '#contract/awareness.ts';
import { createStore, patch, type Store } from '../store.ts';
import { readFiles, type FileEntry } from './files.ts';
import { readPeople, type Person } from './people.ts';
import { recoveryOrigin } from './recovery.ts';
import {
  countedFrame,
  emptyLedger,
  enter,
  lateAfterMs,
  savedState,
  type LedgerEvent,
  type SavedState,
  type SentFrame,
} from './saved.ts';
import { readServerState, type ServerState } from './server-state.ts';

export type LineState = {
  connection: 'connecting' | 'connected' | 'stopped';
  /** How the last socket ended, until another has caught up: a close code, 1006 for one that just broke. */
  closedBy: number | undefined;
  /** The document is here; it stays so while offline. */
  loaded: boolean;
  saved: SavedState;
  files: FileEntry[];
  people: Person[];
  server: ServerState | undefined;
};

/** One Y.Doc with its socket. A line is never given another Y.Doc: whoever needs a fresh one opens a new line. */
export interface Line {
  readonly name: string;
  readonly access: 'read' | 'write';
  readonly doc: Y.Doc;
  readonly provider: WebsocketProvider;
  readonly state: Store<LineState>;
  /** Whether anything was typed into a file here; only then is its text worth a recovery copy. */
  touched(fileId: string): boolean;
  /** Bytes of the largest frame that was handed to the network since all was saved. */
  largestFrame(): number;
  /** The undo history of one file: my own edits only. */
  undoOf(fileId: string): Y.UndoManager;
  /** While held, what others write waits; it comes all at once when it is let go. */
  holdOthers(hold: boolean): void;
  reconnect(token: string): void;
  close(): void;
}

const syncFrameType = 0;
const storedFrameType = 100;
const presenceEveryMs = 50;
const renewPresenceMs = 15_000;
/** What browsers say of a socket that ended without a word. */
const closedAbnormally = 1006;

/** Opens a document. `onStopped` gets the close code whenever reconnecting by itself would be wrong. */
export function openLine(options: {
  url: string;
  name: string;
  token: string;
  access: 'read' | 'write';
  user: AwarenessUser;
  onStopped: (code: number) => void;
}): Line {
  const { name, access } = options;
  const doc = new Y.Doc();
  const files = doc.getMap('files');
  const undoManagers = new Map<string, Y.UndoManager>();
  let ledger = emptyLedger;
  const touched = new Set<unknown>();
  let largestFrame = 0;
  let updateWentOut = false;
  let late = false;
  let lateTimer: ReturnType<typeof setTimeout> | undefined;
  const state = createStore<LineState>({
    connection: 'connecting',
    closedBy: undefined,
    loaded: false,
    saved: 'saved',
    files: [],
    people: [],
    server: undefined,
  });

  /** The browser asks before the window goes, as long as this window alone has what was typed. */
  const warnOfLoss = (event: BeforeUnloadEvent) => event.preventDefault();
  let framesTooLarge = 0;
  function mayRetry(code: number): boolean {
    // What was too large once is too large again.
    if (code === closeCodes.frameTooLarge.code) return ++framesTooLarge < 2;
    // Changed rights need a look at what they are now, before anything is sent again.
    return !(code >= 4400 && code < 4500) && code !== closeCodes.accessChanged.code;
  }
  function note(event: LedgerEvent): void {
    const before = ledger;
    ledger = enter(ledger, event);
    if (before.dirty && !ledger.dirty) [framesTooLarge, largestFrame] = [0, 0];
    if (ledger.dirty !== before.dirty || ledger.stored > before.stored) watchForProgress();
    showSaved();
  }
  function watchForProgress(): void {
    clearTimeout(lateTimer);
    late = false;
    if (!ledger.dirty) return;
    lateTimer = setTimeout(() => {
      late = true;
      showSaved();
    }, lateAfterMs);
  }
  function showSaved(): void {
    const { connection, server } = state.get();
    const storing = server?.storing ?? true;
    const saved = savedState(ledger, { connected: connection === 'connected', storing, late });
    if (saved === 'saved') removeEventListener('beforeunload', warnOfLoss);
    else addEventListener('beforeunload', warnOfLoss);
    patch(state, { saved });
  }

  const provider = new WebsocketProvider(options.url, name, doc, {
    params: { token: options.token, acks: '1' },
    // Two tabs that sync with each other past the server would also sync past its judgement.
    disableBc: true,
    connect: false,
    WebSocketPolyfill: watchedSocket({
      sent(frame, bytes) {
        if (frame === 'update') updateWentOut = true;
        largestFrame = Math.max(largestFrame, bytes);
        note({ type: 'sent', frame });
      },
      received: renewPresence,
    }),
    shouldReconnect: ({ code }) => mayRetry(code),
  });
  const readSync = provider.messageHandlers[syncFrameType]!;
  let held: (() => void)[] | undefined;
  provider.messageHandlers[syncFrameType] = (encoder, decoder, ...rest) => {
    const question = decoder.arr[decoder.pos] === 0;
    if (held === undefined || question) return readSync(encoder, decoder, ...rest);
    const copy = decoding.clone(decoder);
    // Only a question has an answer, so nothing of the encoder is missed.
    held.push(() => readSync(encoding.createEncoder(), copy, ...rest));
  };
  provider.messageHandlers[storedFrameType] = (_encoder, decoder) => {
    note({ type: 'stored', count: decoding.readVarUint(decoder) });
  };
  provider.on('status', ({ status }) => {
    if (status === 'connected') note({ type: 'opened' });
    patch(state, { connection: status === 'connected' ? 'connected' : 'connecting' });
    showSaved();
  });
  provider.on('sync', (synced) => {
    if (synced) patch(state, { loaded: true, closedBy: undefined, files: readFiles(files.toJSON()) });
  });
  provider.on('connection-close', (event) => {
    // The next socket brings it again.
    if (held !== undefined) held = [];
    patch(state, { closedBy: event?.code ?? closedAbnormally });
  });
  provider.on('closed', ({ code }) => {
    patch(state, { connection: 'stopped' });
    showSaved();
    options.onStopped(code);
  });
  // The provider was listening first, so by now the frame of this edit has gone out or was held back.
  doc.on('update', (_update, origin) => {
    if (origin === provider) return;
    note({ type: 'edited', sent: updateWentOut });
    updateWentOut = false;
  });
  doc.on('afterTransaction', ({ local, changed }) => {
    if (local) for (const type of changed.keys()) touched.add(type);
  });
  files.observe(() => patch(state, { files: readFiles(files.toJSON()) }));

  /**
   * Others forget who says nothing for 30 s. Browsers let the timers of a window in the background run once a minute, but
   * not its socket, which hears the server every few seconds.
   */
  function renewPresence(): void {
    const { awareness } = provider;
    const mine = awareness.getLocalState();
    const renewedAt = awareness.meta.get(doc.clientID)?.lastUpdated ?? 0;
    if (mine !== null && Date.now() - renewedAt >= renewPresenceMs) awareness.setLocalState(mine);
  }

  let presenceTimer: ReturnType<typeof setTimeout> | undefined;
  function readPresence(): void {
    presenceTimer = undefined;
    const states = provider.awareness.getStates();
    const people = readPeople(states, doc.clientID);
    const server = readServerState(states.values());
    const now = state.get();
    if (!sameJson(people, now.people)) patch(state, { people });
    if (!sameJson(server, now.server)) patch(state, { server });
    showSaved();
  }
  provider.awareness.on('change', () => (presenceTimer ??= setTimeout(readPresence, presenceEveryMs)));
  provider.awareness.setLocalStateField('user', options.user);
  provider.connect();

  return {
    name,
    access,
    doc,
    provider,
    state,
    touched: (fileId) => touched.has(doc.getText(`f:${fileId}`)),
    largestFrame: () => largestFrame,
    undoOf(fileId) {
      let manager = undoManagers.get(fileId);
      if (manager === undefined) {
        manager = new Y.UndoManager(doc.getText(`f:${fileId}`), { trackedOrigins: new Set([recoveryOrigin]) });
        undoManagers.set(fileId, manager);
      }
      return manager;
    },
    holdOthers(hold) {
      const waiting = held ?? [];
      held = hold ? waiting : undefined;
      if (!hold) for (const read of waiting) read();
    },
    reconnect(token) {
      provider.params = { ...provider.params, token };
      provider.connect();
    },
    close() {
      for (const manager of undoManagers.values()) manager.destroy();
      provider.destroy();
      doc.destroy();
      // Last, because the provider says goodbye through the listeners above.
      clearTimeout(presenceTimer);
      clearTimeout(lateTimer);
      removeEventListener('beforeunload', warnOfLoss);
    },
  };
}

/** A WebSocket that tells of each frame the server will count, when it is handed to the network, and of what arrives. */
function watchedSocket(tell: {
  sent: (frame: SentFrame, bytes: number) => void;
  received: () => void;
}): typeof WebSocket {
  return class extends WebSocket {
    constructor(url: string | URL, protocols?: string | string[]) {
      super(url, protocols);
      this.addEventListener('message', tell.received);
    }
    override send(data: string | BufferSource | Blob): void {
      super.send(data);
      const frame = countedFrame(data);
      if (frame !== undefined) tell.sent(frame, (data as Uint8Array).byteLength);
    }
  };
}

function sameJson(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
