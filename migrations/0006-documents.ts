import { id, integer, nullable, tableMigration, text, time } from './table.ts';

/** No foreign key, for the reason given in 0007. */
export default tableMigration('documents', {
  columns: {
    name: text(160),
    classroom_id: id,
    kind: text(32),
    user_id: nullable(id),
    epoch: integer,
    snapshot: nullable(text(64)),
    created_at: time,
  },
  primaryKey: ['name'],
  indexes: { documents_classroom: ['classroom_id'] },
});
