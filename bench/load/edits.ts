import * as Y from 'yjs';
import { maskedFrame } from './light-socket.ts';
import { token } from './tokens.ts';
import type { Wire } from './wire.ts';

export const textName = 'f:main';

/**
 * The edits of one writer, made ahead so that making them takes nothing from the measurement: each is the update of a
 * real Yjs transaction that types one token behind the last, ready to be sent.
 */
export function makeEdits(wire: Wire, writer: number, count: number): Buffer[] {
  const doc = new Y.Doc();
  doc.clientID = 1_000_000 + writer;
  const frames: Buffer[] = [];
  doc.on('update', (update: Uint8Array) => void frames.push(maskedFrame(wire.update(update))));
  const text = doc.getText(textName);
  for (let number = 0; number < count; number += 1) text.insert(text.length, token(writer, number));
  doc.destroy();
  return frames;
}

/** A reproducible stream of numbers in [0, 1). */
export function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/**
 * A text with a history: `edits` insertions of `charsPerEdit` letters, at a cursor that jumps elsewhere every 50, ending
 * with `last`. Answers `parts` updates which together are the document, and its text.
 */
export function makeHistory(options: { edits: number; charsPerEdit: number; parts: number; last: string }): {
  updates: Uint8Array[];
  text: string;
} {
  const { edits, charsPerEdit, parts, last } = options;
  const random = createRandom(7);
  const doc = new Y.Doc();
  doc.clientID = 900_000;
  const text = doc.getText(textName);
  const updates: Uint8Array[] = [];
  doc.on('update', (update: Uint8Array) => void updates.push(update));
  const perPart = Math.ceil(edits / parts);
  let cursor = 0;
  for (let made = 0; made < edits; made += perPart) {
    doc.transact(() => {
      for (let edit = made; edit < Math.min(edits, made + perPart); edit += 1) {
        if (edit % 50 === 0) cursor = Math.floor(random() * (text.length + 1));
        const letters = Array.from({ length: charsPerEdit }, () => String.fromCharCode(97 + Math.floor(random() * 26)));
        text.insert(cursor, letters.join(''));
        cursor += charsPerEdit;
      }
    });
  }
  text.insert(text.length, last);
  const whole = text.toJSON();
  doc.destroy();
  return { updates, text: whole };
}
