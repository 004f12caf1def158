import { parentPort } from 'node:worker_threads';
import * as Y from 'yjs';
import type { BuildReply, BuildRequest } from './snapshot-builder.ts';

/** Builds snapshots in a thread of its own: joining and encoding a large document takes seconds. One at a time. */
let doc = new Y.Doc();

function begin(): void {
  doc.destroy();
  doc = new Y.Doc();
}

/** Nothing is joined of a page with something undecodable in it: then nothing will be built. */
function add(bytes: Uint8Array, lengths: Uint32Array): number[] {
  const updates: Uint8Array[] = [];
  let end = 0;
  for (const length of lengths) updates.push(bytes.subarray(end, (end += length)));
  const undecodable = [...updates.keys()].filter((index) => !decodes(updates[index]!));
  if (undecodable.length > 0) return undecodable;
  doc.transact(() => {
    for (const update of updates) Y.applyUpdate(doc, update);
  });
  return [];
}

function decodes(update: Uint8Array): boolean {
  try {
    Y.decodeUpdate(update);
    return true;
  } catch {
    return false;
  }
}

function answer(request: BuildRequest): BuildReply {
  try {
    if (request.type === 'add') return { undecodable: add(request.bytes, request.lengths) };
    if (request.type === 'begin') {
      begin();
      return { undecodable: [] };
    }
    if (Y.getState(doc.store, request.epoch) === 0) return { state: undefined };
    // What waits for a missing update is part of the encoded state, so nothing of it is lost.
    const state = Y.encodeStateAsUpdate(doc);
    begin();
    return { state };
  } catch (error) {
    begin();
    return { failure: error instanceof Error ? error.message : String(error) };
  }
}

parentPort!.on('message', (request: BuildRequest) => {
  const reply = answer(request);
  const state = 'state' in reply ? reply.state : undefined;
  parentPort!.postMessage(reply, state === undefined ? [] : [state.buffer as ArrayBuffer]);
});
