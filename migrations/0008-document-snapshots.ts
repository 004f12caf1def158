import { bytes, integer, tableMigration, text } from './table.ts';

export default tableMigration('document_snapshots', {
  columns: { document: text(160), generation: text(64), part: integer, data: bytes },
  primaryKey: ['document', 'generation', 'part'],
});
