import * as Y from 'yjs';
import { mainFileId, writeFile } from '../files.ts';

/** Yjs client ids below this are reserved for epochs; clients draw theirs from 32 random bits. */
export const reservedClientIds = 65_536;

const mainFileNames: Record<string, string> = {
  python: 'main.py',
  javascript: 'main.js',
  typescript: 'main.ts',
  java: 'Main.java',
  c: 'main.c',
  cpp: 'main.cpp',
};

/**
 * The first update of an epoch: one empty file with the id `main`. It is made by the Yjs client whose id is the epoch
 * number, so that every later state vector tells to which epoch a history belongs, even when its content is deleted.
 */
export function seedUpdate(epoch: number, language: string): Uint8Array {
  const doc = new Y.Doc();
  doc.clientID = epoch;
  writeFile(doc, { id: mainFileId, path: mainFileNames[language] ?? 'main.txt', language, text: '' });
  const update = Y.encodeStateAsUpdate(doc);
  doc.destroy();
  return update;
}
