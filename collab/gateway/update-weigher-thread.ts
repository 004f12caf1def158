import { parentPort } from 'node:worker_threads';
import * as Y from 'yjs';
import type { WeighReply, WeighRequest } from './update-weigher.ts';

/** Decodes updates that may be heavy where nobody waits: a few megabytes can hold a third of a million structs. */
function weigh(update: Uint8Array): WeighReply['weight'] {
  try {
    const { structs, ds } = Y.decodeUpdate(update);
    let deletions = 0;
    for (const ranges of ds.clients.values()) deletions += ranges.length;
    return { structs: structs.length, deletions };
  } catch {
    return undefined;
  }
}

parentPort!.on('message', ({ id, update }: WeighRequest) => {
  const reply: WeighReply = { id, weight: weigh(update) };
  parentPort!.postMessage(reply);
});
