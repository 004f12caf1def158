import type { JournalRecord } from '../journal/record.ts';
import { insertUpdates } from './insert-updates.ts';
import { quarantineRecord, type QuarantineDeps } from './quarantine.ts';
import { isAboutData, isPassing } from './refusals.ts';

/** `quarantined` are in the database, but no part of their document; `refused` are nowhere in it. */
export type Stored<R> = { stored: R[]; quarantined: R[]; refused: R[] };

/**
 * Stores records in one transaction. When the database refuses them for good, those it does not take even alone are put
 * into quarantine, so that the others do not wait behind them. Throws, and may be called again, when the trouble may
 * pass, or when nothing tells a record at fault from a database at fault.
 */
export async function storeBatch<R extends JournalRecord>(
  deps: QuarantineDeps,
  records: readonly R[],
): Promise<Stored<R>> {
  const culprits: { record: R; error: unknown }[] = [];
  const stored = await storeApart(deps, records, culprits);
  const [first] = culprits;
  if (first !== undefined && stored.length === 0 && !culprits.every(({ error }) => isAboutData(error)))
    throw first.error;
  const quarantined: R[] = [];
  const refused: R[] = [];
  for (const { record, error } of culprits) {
    try {
      await quarantineRecord(deps, record, error instanceof Error ? error.message : String(error));
      quarantined.push(record);
    } catch (second) {
      if (isPassing(second)) throw second;
      deps.log?.fatal({ error: second, id: record.id }, 'an update can be stored nowhere; only the journal has it');
      refused.push(record);
    }
  }
  return { stored, quarantined, refused };
}

/** Halves what fails until each culprit stands alone. Resolves to the others, which are stored. */
async function storeApart<R extends JournalRecord>(
  deps: QuarantineDeps,
  records: readonly R[],
  culprits: { record: R; error: unknown }[],
): Promise<R[]> {
  try {
    await deps.db.transaction().execute((transaction) => insertUpdates(transaction, records));
    return [...records];
  } catch (error) {
    if (isPassing(error)) throw error;
    if (records.length === 1) {
      culprits.push({ record: records[0]!, error });
      return [];
    }
    const middle = records.length >> 1;
    const before = await storeApart(deps, records.slice(0, middle), culprits);
    return [...before, ...(await storeApart(deps, records.slice(middle), culprits))];
  }
}
