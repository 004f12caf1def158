import type { TestContext } from 'node:test';
import * as Y from 'yjs';
import { formatDocumentName, type DocumentName } from '#contract/document-name.ts';
import { systemClock } from '#platform/clock.ts';
import { createNewId } from '#platform/ids.ts';
import type { Log } from '#platform/log.ts';
import { applyStored, insertUpdates, readDocument } from '../../collab/log/document-log.ts';
import type { JournalRecord } from '../../collab/journal/record.ts';
import { classroom, user } from '../contract/database.rows.ts';
import { testLog, type DatabaseEngine } from '../support/databases.ts';

export type TestLog = Awaited<ReturnType<typeof openTestLog>>;

/** The log of documents alone, on a database of its own with one classroom; gone when the test ends. */
export async function openTestLog(t: TestContext, engine: DatabaseEngine, log: Log = testLog) {
  const opened = await engine.open();
  t.after(opened.drop);
  const { db } = opened.database;
  const newId = createNewId(systemClock.now);
  await db.insertInto('users').values(user('u')).execute();
  await db.insertInto('classrooms').values(classroom('c', 'u')).execute();
  const deps = { db, clock: systemClock, newId, log };

  return {
    deps,
    db,
    newId,
    place: opened.place,
    /** A new document: its name and its key in the database, and the epoch it got. */
    async document(userId?: string) {
      const name: DocumentName =
        userId === undefined ? { classroomId: 'c', kind: 'main' } : { classroomId: 'c', kind: 'workspace', userId };
      const { epoch } = await readDocument(deps, name);
      return { name, key: formatDocumentName(name), epoch };
    },
    records(document: { key: string; epoch: number }, updates: readonly Uint8Array[]): JournalRecord[] {
      const { key, epoch } = document;
      return updates.map((update) => ({ id: newId(), document: key, epoch, userId: 'u', at: 1, update }));
    },
    store: (records: readonly JournalRecord[]) => insertUpdates(db, records),
    async load(name: DocumentName): Promise<Y.Doc> {
      const doc = new Y.Doc();
      applyStored(doc, await readDocument(deps, name), undefined);
      return doc;
    },
    async text(name: DocumentName): Promise<string> {
      return (await this.load(name)).getText('f:main').toJSON();
    },
    async state(key: string) {
      const rows = await db
        .selectFrom('document_updates')
        .select('id')
        .where('document', '=', key)
        .orderBy('id')
        .execute();
      const snapshots = await db
        .selectFrom('document_snapshots')
        .select(['generation', 'part'])
        .where('document', '=', key)
        .execute();
      const { snapshot } = await db
        .selectFrom('documents')
        .select('snapshot')
        .where('name', '=', key)
        .executeTakeFirstOrThrow();
      const generations = [...new Set(snapshots.map(({ generation }) => generation))].toSorted();
      return { rows: rows.map(({ id }) => id), snapshot, generations, parts: snapshots.length };
    },
    /** Cheaper to ask often than `state`. */
    async hasRows(key: string): Promise<boolean> {
      const row = db.selectFrom('document_updates').select('id').where('document', '=', key).limit(1);
      return (await row.executeTakeFirst()) !== undefined;
    },
    quarantined: () => db.selectFrom('document_quarantine').selectAll().orderBy('id').execute(),
  };
}

/** A person at a keyboard: every change of `doc` becomes one update of `updates`. */
export function typist(file = 'main') {
  const doc = new Y.Doc();
  const updates: Uint8Array[] = [];
  doc.on('update', (update: Uint8Array) => void updates.push(update));
  const text = doc.getText(`f:${file}`);
  return {
    doc,
    text,
    updates,
    /** Types `words` one after the other at the end, one update each. */
    type(...words: string[]): void {
      for (const word of words) text.insert(text.length, word);
    },
  };
}

export const words = (count: number, from = 0) => Array.from({ length: count }, (_, index) => `w${from + index} `);
