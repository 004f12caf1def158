import { cursorColor } from '#contract/awareness.ts';
import type { Classroom } from '#contract/api/classrooms.ts';
import { closeCodes } from '#contract/close-codes.ts';
import type { Mode } from '#contract/roles.ts';
import { setMode } from '../api/classrooms.ts';
import type { Client } from '../api/client.ts';
import { ApiError } from '../api/problem.ts';
import { openLine, type Line } from '../document/line.ts';
import { compareTexts, takeTexts, type RecoveryCopy, type TextFile } from '../document/recovery.ts';
import { createStore, patch, type Store } from '../store.ts';
import { defaultDocument, fetchRights, persist, type Rights } from './rights.ts';

export interface RoomState {
  /** `closed`: this person cannot be here (any more); `reason` says whether they ever were. */
  phase: 'loading' | 'waiting' | 'open' | 'closed';
  reason: 'removed' | 'unknown' | 'not-open' | 'broken' | undefined;
  rights: Rights | undefined;
  /** The document on the screen. */
  shown: Line | undefined;
  /** Why the document on the screen does not reconnect. */
  trouble: 'too-large' | 'refused' | undefined;
  /** A document that is not on the screen still has edits to hand in. */
  unsavedElsewhere: boolean;
  recovery: RecoveryCopy[];
  notice: 'access-lost' | undefined;
}

export interface Room {
  state: Store<RoomState>;
  show(document: string): void;
  changeMode(mode: Mode): Promise<void>;
  reload(): Promise<void>;
  /** Opens the document on the screen afresh, after `trouble`; what it holds becomes a recovery copy. */
  startOver(): void;
  dismissRecovery(copy: RecoveryCopy): void;
  leave(): void;
}

const refusalsInARow = 5;

/** A person's stay in a classroom: their rights, the document they look at, and what happens when either changes. */
export function enterRoom(deps: { client: Client; classroomId: string; user: { id: string; name: string } }): Room {
  const { client, classroomId, user } = deps;
  const state = createStore<RoomState>({
    phase: 'loading',
    reason: undefined,
    rights: undefined,
    shown: undefined,
    trouble: undefined,
    unsavedElsewhere: false,
    recovery: [],
    notice: undefined,
  });
  const retired = new Set<Line>();
  let left = false;

  function open(rights: Rights, name: string): Line | undefined {
    const entry = rights.documents.find((document) => document.name === name);
    if (entry === undefined) return undefined;
    let refusals = 0;
    let modeSeen: Mode | undefined;
    const line = openLine({
      url: rights.socketUrl,
      name,
      token: rights.token,
      access: entry.access,
      user: { id: user.id, name: user.name, color: cursorColor(user.id), role: rights.classroom.myRole },
      onStopped: (code) => void stopped(line, code, ++refusals),
    });
    line.state.subscribe(() => {
      const { loaded, connection, server } = line.state.get();
      if (loaded && connection === 'connected') refusals = 0;
      if (server === undefined || server.mode === modeSeen) return;
      modeSeen = server.mode;
      if (server.mode !== state.get().rights?.classroom.mode) void reload();
    });
    return line;
  }

  function show(name: string): void {
    const { rights, shown } = state.get();
    if (rights === undefined || shown?.name === name) return;
    const waiting = [...retired].find((line) => line.name === name);
    if (waiting !== undefined) retired.delete(waiting);
    const next = waiting ?? open(rights, name);
    if (next === undefined) return;
    if (shown !== undefined) retire(shown);
    patch(state, { shown: next, trouble: undefined, unsavedElsewhere: retired.size > 0 });
  }

  /** Takes a document off the screen, but keeps its socket until everything typed there is stored. */
  function retire(line: Line): void {
    const done = () => {
      if (line.state.get().saved !== 'saved') return false;
      line.close();
      return true;
    };
    if (done()) return;
    retired.add(line);
    const unsubscribe = line.state.subscribe(() => {
      if (retired.has(line) && !done()) return;
      unsubscribe();
      retired.delete(line);
      patch(state, { unsavedElsewhere: retired.size > 0 });
    });
  }

  /** A new Y.Doc in the place of an old one (contract §3, epoch): the two must never merge. */
  function replace(line: Line, rights: Rights): void {
    const texts = line.touched() ? takeTexts(line) : [];
    const wasShown = state.get().shown === line;
    drop(line);
    const next = wasShown ? open(rights, line.name) : undefined;
    if (next === undefined) return keep(compareTexts(line.name, texts, []));
    patch(state, { shown: next, trouble: undefined });
    offerWhenLoaded(next, texts);
  }

  function offerWhenLoaded(line: Line, texts: TextFile[]): void {
    const unsubscribe = line.state.subscribe(() => {
      if (!line.state.get().loaded) return;
      unsubscribe();
      keep(compareTexts(line.name, texts, takeTexts(line)));
    });
  }

  function keep(copy: RecoveryCopy | undefined): void {
    if (copy !== undefined) patch(state, { recovery: [...state.get().recovery, copy] });
  }

  function drop(line: Line): void {
    line.close();
    retired.delete(line);
    const shown = state.get().shown === line ? undefined : state.get().shown;
    patch(state, { shown, unsavedElsewhere: retired.size > 0 });
  }

  async function stopped(line: Line, code: number, refusals: number): Promise<void> {
    if (code === closeCodes.tooLarge.code) return patch(state, { trouble: 'too-large' });
    if (refusals > refusalsInARow) return patch(state, { trouble: 'refused' });
    if (refusals > 1) await new Promise((resolve) => setTimeout(resolve, 2 ** refusals * 100));
    await reload();
    const { rights, shown, phase } = state.get();
    const inUse = shown === line || retired.has(line);
    if (left || !inUse || rights === undefined || phase === 'closed') return;
    // Without a session there is nothing to reconnect with; signing in again takes up from here.
    if (client.identity.get().phase !== 'signed-in') return;
    const entry = rights.documents.find((document) => document.name === line.name);
    if (entry === undefined) return;
    if (code === closeCodes.discardState.code) replace(line, rights);
    else line.reconnect(rights.token);
  }

  async function load(): Promise<void> {
    let rights: Rights;
    try {
      rights = await persist(() => fetchRights(client, classroomId), {
        wanted: () => !left,
        onDelay: () => state.get().phase === 'loading' && patch(state, { phase: 'waiting' }),
      });
    } catch (error) {
      return refused(error);
    }
    if (left) return;
    const before = state.get();
    patch(state, { phase: 'open', reason: undefined, rights });
    if (before.rights?.classroom.mode !== rights.classroom.mode) showDefault(rights);
    for (const line of [...retired, ...(state.get().shown === undefined ? [] : [state.get().shown!])]) {
      const entry = rights.documents.find((document) => document.name === line.name);
      if (entry === undefined) loseAccess(line, rights);
      else if (entry.access !== line.access) replace(line, rights);
    }
  }

  function showDefault(rights: Rights): void {
    const name = defaultDocument(classroomId, rights.classroom.mode, { id: user.id, role: rights.classroom.myRole });
    const allowed = rights.documents.some((document) => document.name === name);
    const fallback = rights.documents[0]?.name;
    if (allowed) show(name);
    else if (fallback !== undefined) show(fallback);
  }

  function loseAccess(line: Line, rights: Rights): void {
    if (line.state.get().saved !== 'saved') keep(compareTexts(line.name, takeTexts(line), []));
    const wasShown = state.get().shown === line;
    drop(line);
    if (!wasShown) return;
    patch(state, { notice: 'access-lost' });
    showDefault(rights);
  }

  function refused(error: unknown): void {
    // A session that has ended may be taken up again (see Identity), with everything still in place.
    if (left || (error instanceof ApiError && error.status === 401)) return;
    const known = state.get().rights !== undefined;
    const code = error instanceof ApiError ? error.code : 'broken';
    const { shown } = state.get();
    if (shown !== undefined && shown.state.get().saved !== 'saved')
      keep(compareTexts(shown.name, takeTexts(shown), []));
    for (const line of [...retired, ...(shown === undefined ? [] : [shown])]) drop(line);
    const gone = code === 'not-found' || code === 'forbidden';
    patch(state, {
      phase: 'closed',
      reason: code === 'not-open-yet' ? 'not-open' : gone ? (known ? 'removed' : 'unknown') : 'broken',
    });
  }

  let running: Promise<void> = Promise.resolve();
  let queued: Promise<void> | undefined;
  /** Looks at my rights anew. Resolves when a look that began after this call is through. */
  function reload(): Promise<void> {
    queued ??= running.then(() => {
      queued = undefined;
      running = load();
      return running;
    });
    return queued;
  }

  const unsubscribeIdentity = client.identity.subscribe(() => {
    const line = state.get().shown;
    if (client.identity.get().phase !== 'signed-in' || line?.state.get().connection !== 'stopped') return;
    void reload().then(() => {
      const { rights, shown } = state.get();
      if (rights !== undefined && shown === line) line.reconnect(rights.token);
    });
  });

  void reload();
  return {
    state,
    show,
    reload,
    async changeMode(mode) {
      const classroom: Classroom = await setMode(client, classroomId, mode);
      if (classroom.mode !== state.get().rights?.classroom.mode) await reload();
    },
    startOver() {
      const { shown, rights } = state.get();
      if (shown !== undefined && rights !== undefined) replace(shown, rights);
    },
    dismissRecovery(copy) {
      patch(state, { recovery: state.get().recovery.filter((other) => other !== copy) });
    },
    leave() {
      left = true;
      unsubscribeIdentity();
      const { shown } = state.get();
      if (shown !== undefined) retire(shown);
    },
  };
}
