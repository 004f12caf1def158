import { insertMissing } from '#platform/db/statements.ts';
import type { Db } from '#platform/db/schema.ts';
import type { JournalRecord } from '../journal/record.ts';
import { toParts } from './parts.ts';

/** Stores updates as rows; one that is stored already is left as it is, so a replay changes nothing. */
export async function insertUpdates(db: Db, records: readonly JournalRecord[]): Promise<void> {
  const rows = records.flatMap((record) =>
    toParts(record.update).map(({ part, data, crc }) => ({
      id: record.id,
      part,
      document: record.document,
      epoch: record.epoch,
      user_id: record.userId ?? null,
      created_at: record.at,
      data,
      crc,
    })),
  );
  await insertMissing(db, 'document_updates', rows);
}
