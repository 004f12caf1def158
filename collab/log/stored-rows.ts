import type { Db } from '#platform/db/schema.ts';
import type { Part } from './parts.ts';

/** One update as its rows have it. */
export type StoredUpdate = { id: string; parts: Part[] };

/** So many that an ordinary document takes one question, so few that a page of pasted megabytes stays bearable. */
const rowsPerPage = 500;

/** The epoch of a document and the generation of its snapshot; undefined when the document does not exist. */
export function findDocument(db: Db, document: string) {
  return db.selectFrom('documents').select(['epoch', 'snapshot']).where('name', '=', document).executeTakeFirst();
}

/** The updates of one epoch in the order of their ids, page by page; those that come in meanwhile are left out. */
export async function* readUpdatePages(db: Db, document: string, epoch: number): AsyncGenerator<StoredUpdate[]> {
  // Or whoever writes faster than this reads would keep it reading.
  const newest = await db
    .selectFrom('document_updates')
    .select('id')
    .where('document', '=', document)
    .where('epoch', '=', epoch)
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (newest === undefined) return;
  let after: { id: string; part: number } | undefined;
  let unfinished: StoredUpdate | undefined;
  for (;;) {
    let question = db
      .selectFrom('document_updates')
      .select(['id', 'part', 'data', 'crc'])
      .where('document', '=', document)
      .where('epoch', '=', epoch)
      .where('id', '<=', newest.id);
    if (after !== undefined) {
      const { id, part } = after;
      question = question
        .where('id', '>=', id)
        .where((is) => is.or([is('id', '>', id), is.and([is('id', '=', id), is('part', '>', part)])]));
    }
    const rows = await question.orderBy('id').orderBy('part').limit(rowsPerPage).execute();
    const page: StoredUpdate[] = unfinished === undefined ? [] : [unfinished];
    for (const { id, part, data, crc } of rows) {
      const piece = { part, data, crc: crc ?? null };
      if (page.at(-1)?.id === id) page.at(-1)!.parts.push(piece);
      else page.push({ id, parts: [piece] });
    }
    const last = rows.length < rowsPerPage;
    // The next page may have more parts of the last one.
    unfinished = last ? undefined : page.pop();
    if (page.length > 0) yield page;
    if (last) return;
    after = rows.at(-1)!;
  }
}

/** The parts of one generation of a snapshot; none when it is not there. */
export async function readSnapshot(db: Db, document: string, generation: string): Promise<Part[]> {
  const rows = await db
    .selectFrom('document_snapshots')
    .select(['part', 'data', 'crc'])
    .where('document', '=', document)
    .where('generation', '=', generation)
    .orderBy('part')
    .execute();
  return rows.map(({ part, data, crc }) => ({ part, data, crc: crc ?? null }));
}
