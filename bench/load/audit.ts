import * as Y from 'yjs';
import type { DialectName, Room } from '../messages.ts';
import { joinRoom } from './client.ts';
import { textName } from './edits.ts';
import { tokensOf } from './tokens.ts';
import { createWire, updateIn } from './wire.ts';

/** The text that somebody who joins now is given. */
export async function readText(dialect: DialectName, room: Room): Promise<string> {
  const doc = new Y.Doc();
  const way = room.clients.at(-1)!;
  const client = await joinRoom(createWire(dialect, room.name), way, {
    sync: (body, at) => Y.applyUpdate(doc, updateIn(body, at)),
  });
  client.close();
  const text = doc.getText(textName).toJSON();
  doc.destroy();
  return text;
}

/** What is wrong with the document a new joiner gets, when `sent` says how many tokens each writer wrote: how many tokens. */
export async function auditRoom(dialect: DialectName, room: Room, sent: ReadonlyMap<number, number>): Promise<number> {
  const tokens = tokensOf(await readText(dialect, room));
  let wrong = 0;
  for (const [writer, count] of sent) {
    const numbers = tokens.get(writer);
    for (let number = 0; number < count; number += 1) if (numbers?.get(number) !== 1) wrong += 1;
    wrong += Math.max(0, (numbers?.size ?? 0) - count);
  }
  for (const writer of tokens.keys()) if (!sent.has(writer)) wrong += 1;
  return wrong;
}
