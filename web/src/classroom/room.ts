import * as Y from 'yjs';
import { cursorColor } from '#contract/awareness.ts';
import type { Classroom } from '#contract/api/classrooms.ts';
import { closeCodes } from '#contract/close-codes.ts';
import { parseDocumentName } from '#contract/document-name.ts';
import type { Mode } from '#contract/roles.ts';
import { setMode } from '../api/classrooms.ts';
import { readDocument } from '../api/documents.ts';
import type { Client } from '../api/client.ts';
import { ApiError } from '../api/problem.ts';
import { openLine, type Line } from '../document/line.ts';
import { limitMet, type Limit } from '../document/limit.ts';
import { takeTexts, type RecoveredFile } from '../document/recovery.ts';
import { createStore, patch, type Store } from '../store.ts';
import { findLostTexts, type Offer } from './lost-texts.ts';
import { accessTo, defaultDocument, fetchRights, persist, type Rights } from './rights.ts';
import { openTextShelf } from './text-shelf.ts';

export interface RoomState {
  /** `closed`: this person cannot be here (any more); `reason` says whether they ever were. */
  phase: 'loading' | 'waiting' | 'open' | 'closed';
  reason: 'removed' | 'unknown' | 'not-open' | 'broken' | undefined;
  rights: Rights | undefined;
  /** The document on the screen. */
  shown: Line | undefined;
  /** Why the document on the screen does not reconnect; of limits the one that was met. */
  trouble: Limit | 'refused' | 'gone' | undefined;
  /** A document that is not on the screen still has edits to hand in. */
  unsavedElsewhere: boolean;
  /** Text of mine that is in no document, for me to decide on; `later`: not now. */
  offers: Offer[];
  later: boolean;
  notice: 'access-lost' | undefined;
}

export interface Room {
  state: Store<RoomState>;
  show(document: string): void;
  changeMode(mode: Mode): Promise<void>;
  reload(): Promise<void>;
  /** Opens the document on the screen afresh, after `trouble`; what is nowhere else of it is offered back. */
  startOver(): void;
  /** Sends the document on the screen once more, after `trouble`. */
  tryAgain(): void;
  decide(offer: Offer, file: RecoveredFile): void;
  decideLater(later: boolean): void;
  /** What waits for a decision is too large for the browser to store. */
  keptInMemory(): boolean;
  leave(): void;
}

const refusalsInARow = 5;
const keepEveryMs = 2000;

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
    offers: [],
    later: false,
    notice: undefined,
  });
  /** Documents that are off the screen, but have edits to hand in. */
  const retired = new Set<Line>();
  const lostTexts = findLostTexts({
    shelf: openTextShelf(sessionStorage, `lectern.texts.${user.id}.${classroomId}`),
    read: (document) => persist(() => readDocument(client, document), { wanted: () => !left, onDelay: () => {} }),
    changed: showOffers,
  });
  let left = false;

  /** As long as something waits for a decision, the tab does not go without asking. */
  const warnOfLoss = (event: BeforeUnloadEvent) => event.preventDefault();
  function showOffers(): void {
    const before = state.get();
    const offers = lostTexts.offers();
    if (left || offers.length === 0) removeEventListener('beforeunload', warnOfLoss);
    else addEventListener('beforeunload', warnOfLoss);
    patch(state, { offers, later: before.later && offers.length <= before.offers.length });
  }
  const keepUnsaved = () => lostTexts.keepUnsaved(lines());
  const keepTimer = setInterval(keepUnsaved, keepEveryMs);
  // The last moments a page is sure to have; phones end pages in the background without another word.
  addEventListener('pagehide', keepUnsaved);
  document.addEventListener('visibilitychange', keepUnsaved);

  function lines(): Line[] {
    const { shown } = state.get();
    return shown === undefined ? [...retired] : [...retired, shown];
  }

  function open(rights: Rights, name: string): Line | undefined {
    const access = accessTo(rights, name);
    if (access === undefined) return undefined;
    let refusals = 0;
    let modeSeen: Mode | undefined;
    const line = openLine({
      url: rights.socketUrl,
      name,
      token: rights.token,
      access,
      user: { id: user.id, name: user.name, color: cursorColor(user.id), role: rights.classroom.myRole },
      onStopped: (code) => void stopped(line, code, ++refusals),
    });
    line.state.subscribe(() => {
      const { loaded, closedBy, server } = line.state.get();
      // Not when it is connected: a refusal is a socket that opens and then closes.
      if (loaded && closedBy === undefined) refusals = 0;
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
    patch(state, { shown: next, trouble: undefined, notice: undefined, unsavedElsewhere: retired.size > 0 });
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
    const wasShown = state.get().shown === line;
    if (!wasShown) return giveUp(line);
    const texts = takeTexts(line);
    close(line);
    const next = open(rights, line.name);
    patch(state, { shown: next, trouble: undefined });
    if (next === undefined) lostTexts.compareWithServer(texts);
    else lostTexts.compareWhenLoaded(next, texts);
  }

  /** Closes a document for good; what was typed there and did not arrive becomes a recovery copy. */
  function giveUp(line: Line): void {
    if (line.state.get().saved !== 'saved') lostTexts.compareWithServer(takeTexts(line));
    close(line);
  }

  function close(line: Line): void {
    line.close();
    lostTexts.closed(line);
    retired.delete(line);
    const { shown } = state.get();
    patch(state, { shown: shown === line ? undefined : shown, unsavedElsewhere: retired.size > 0 });
  }

  async function stopped(line: Line, code: number, refusals: number): Promise<void> {
    const trouble = limitOf(line, code) ?? (refusals > refusalsInARow ? 'refused' : undefined);
    if (trouble !== undefined) return retired.has(line) ? giveUp(line) : patch(state, { trouble });
    // A new token was refused as well, so there is no session for it to belong to.
    if (code === closeCodes.unauthorized.code && refusals > 1) return client.expire();
    if (refusals > 1) await new Promise((resolve) => setTimeout(resolve, 2 ** refusals * 100));
    await reload();
    const { rights, phase } = state.get();
    if (left || phase === 'closed' || rights === undefined || !lines().includes(line)) return;
    // Without a session there is nothing to reconnect with; signing in again takes up from here.
    if (client.identity.get().phase !== 'signed-in') return;
    if (code === closeCodes.discardState.code) replace(line, rights);
    else if (code === closeCodes.notFound.code && refusals > 1)
      if (retired.has(line)) giveUp(line);
      else patch(state, { trouble: 'gone' });
    else line.reconnect(rights.token);
  }

  function limitOf(line: Line, code: number): Limit | undefined {
    if (code !== closeCodes.tooLarge.code && code !== closeCodes.frameTooLarge.code) return undefined;
    const main = parseDocumentName(line.name)?.kind === 'main';
    return limitMet(code, {
      largestFrame: line.largestFrame(),
      document: Y.encodeStateAsUpdate(line.doc).length,
      share: main && state.get().rights?.classroom.myRole === 'student',
    });
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
    for (const line of lines()) {
      const access = accessTo(rights, line.name);
      if (access === undefined) loseAccess(line, rights);
      else if (access !== line.access) replace(line, rights);
    }
    lostTexts.compareEarlier(state.get().shown);
  }

  function showDefault(rights: Rights): void {
    const name = defaultDocument(classroomId, rights.classroom.mode, { id: user.id, role: rights.classroom.myRole });
    const allowed = rights.documents.some((document) => document.name === name);
    const fallback = rights.documents[0]?.name;
    if (allowed) show(name);
    else if (fallback !== undefined) show(fallback);
  }

  function loseAccess(line: Line, rights: Rights): void {
    const wasShown = state.get().shown === line;
    giveUp(line);
    if (!wasShown) return;
    showDefault(rights);
    patch(state, { notice: 'access-lost' });
  }

  function refused(error: unknown): void {
    // A session that has ended may be taken up again (see Identity), with everything still in place.
    if (left || (error instanceof ApiError && error.status === 401)) return;
    const known = state.get().rights !== undefined;
    const code = error instanceof ApiError ? error.code : 'broken';
    for (const line of lines()) giveUp(line);
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
    const isStopped = (line: Line) => line.state.get().connection === 'stopped';
    if (client.identity.get().phase !== 'signed-in' || !lines().some(isStopped)) return;
    void reload().then(() => {
      const { rights, trouble, shown } = state.get();
      for (const line of lines().filter(isStopped)) {
        if (rights !== undefined && (line !== shown || trouble === undefined)) line.reconnect(rights.token);
      }
    });
  });

  showOffers();
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
    tryAgain() {
      const { shown, rights } = state.get();
      if (shown === undefined || rights === undefined) return;
      patch(state, { trouble: undefined });
      shown.reconnect(rights.token);
    },
    decide: lostTexts.decide,
    decideLater: (later) => patch(state, { later }),
    keptInMemory: lostTexts.onlyInMemory,
    leave() {
      left = true;
      unsubscribeIdentity();
      clearInterval(keepTimer);
      removeEventListener('pagehide', keepUnsaved);
      document.removeEventListener('visibilitychange', keepUnsaved);
      // What is still on its way goes on from memory, and would be offered twice to the next stay.
      lostTexts.keepUnsaved([]);
      showOffers();
      const { shown } = state.get();
      if (shown !== undefined) retire(shown);
    },
  };
}
