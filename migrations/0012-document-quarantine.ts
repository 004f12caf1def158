import { bytes, id, integer, nullable, tableMigration, text, time } from './table.ts';

/** Wider than the tables that things come from: whatever did not fit there must fit here. */
export default tableMigration('document_quarantine', {
  columns: {
    id,
    kind: text(16),
    source: text(700),
    part: integer,
    document: text(700),
    epoch: integer,
    user_id: nullable(text(700)),
    reason: text(1000),
    at: time,
    data: bytes,
  },
  primaryKey: ['id'],
  indexes: { document_quarantine_document: ['document'] },
});
