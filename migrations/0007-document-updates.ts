import { bytes, integer, nullable, tableMigration, text, time } from './table.ts';

/**
 * No foreign key, neither here nor on the other document tables. An update was promised to its author when the journal
 * took it, and the journal is written here later, perhaps after a crash: whatever has become of the document, the
 * classroom or the author by then, the row must go in, or the journal stops at it for everyone.
 */
export default tableMigration('document_updates', {
  columns: {
    id: text(64),
    part: integer,
    document: text(160),
    epoch: integer,
    user_id: nullable(text(64)),
    created_at: time,
    data: bytes,
  },
  primaryKey: ['id', 'part'],
  indexes: { document_updates_document: ['document', 'id'] },
});
