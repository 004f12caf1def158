import * as Y from 'yjs';
import { formatDocumentName, type DocumentName } from '#contract/document-name.ts';
import { createDocument, remakeSeed } from './creation.ts';
import { damageOf, joinParts, type Part } from './parts.ts';
import { quarantine, type Damage, type QuarantineDeps } from './quarantine.ts';
import { findDocument, readSnapshot, readUpdatePages, type StoredUpdate } from './stored-rows.ts';

export { insertUpdates } from './insert-updates.ts';

export type StoredDocument = { epoch: number; snapshot: Uint8Array | undefined; updates: Uint8Array[] };

export type ReadDeps = QuarantineDeps & {
  /** Told how much of the log no snapshot holds yet. */
  writePath?: { loaded(document: string, rows: number, bytes: number): void };
};

/**
 * Everything a document is made of: the snapshot it has, if any, and the updates of its epoch in order. Makes the
 * document with its first file when it does not exist yet. What is damaged goes into quarantine, and the rest is the
 * document. Throws AppError `not-found` when its classroom is gone.
 */
export async function readDocument(deps: ReadDeps, name: DocumentName): Promise<StoredDocument> {
  const { db } = deps;
  const key = formatDocumentName(name);
  for (;;) {
    const found = await findDocument(db, key);
    if (found === undefined) {
      await createDocument(deps, name);
      continue;
    }
    const { epoch } = found;
    // Rows before snapshot: a compaction in between puts what it deletes into the snapshot read after it.
    const stored: StoredUpdate[] = [];
    for await (const page of readUpdatePages(db, key, epoch)) stored.push(...page);
    const now = await findDocument(db, key);
    if (now?.epoch !== epoch) continue;
    const generation = now.snapshot;
    const parts = generation === null ? undefined : await readSnapshot(db, key, generation);
    // A compaction has replaced this snapshot since: look again. If none has, it is lost.
    if (parts?.length === 0 && (await findDocument(db, key))?.snapshot !== generation) continue;

    const damages = damagesOf(stored, generation, parts);
    if (damages.length > 0) {
      await quarantine(deps, key, epoch, damages);
      continue;
    }
    const updates = stored.map((update) => joinParts(update.parts));
    if (parts === undefined && !updates.some((update) => Y.parseUpdateMeta(update).from.has(epoch))) {
      updates.unshift(await remakeSeed(db, key, epoch));
    }
    const bytes = updates.reduce((sum, update) => sum + update.length, 0);
    deps.writePath?.loaded(key, stored.length, bytes);
    return { epoch, snapshot: parts === undefined ? undefined : joinParts(parts), updates };
  }
}

/** Joins the parts of a stored document into `target` as one transaction. */
export function applyStored(target: Y.Doc, stored: StoredDocument, origin: unknown): void {
  target.transact(() => {
    if (stored.snapshot !== undefined) Y.applyUpdate(target, stored.snapshot, origin);
    for (const update of stored.updates) Y.applyUpdate(target, update, origin);
  }, origin);
}

function damagesOf(updates: readonly StoredUpdate[], generation: string | null, parts: Part[] | undefined): Damage[] {
  const damages: Damage[] = [];
  for (const { id, parts: rows } of updates) {
    const reason = damageOf(rows) ?? undecodable(rows);
    if (reason !== undefined) damages.push({ kind: 'row', source: id, reason });
  }
  if (generation !== null && parts !== undefined) {
    // One with checksums was made by us and is large: what the checksums say is enough.
    const reason = damageOf(parts) ?? (parts.some(({ crc }) => crc === null) ? undecodable(parts) : undefined);
    if (reason !== undefined) damages.push({ kind: 'snapshot', source: generation, reason });
  }
  return damages;
}

function undecodable(parts: readonly Part[]): string | undefined {
  try {
    Y.decodeUpdate(joinParts(parts));
    return undefined;
  } catch {
    return 'it is no Yjs update';
  }
}
