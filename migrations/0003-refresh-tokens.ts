import { id, nullable, tableMigration, text, time } from './table.ts';

export default tableMigration('refresh_tokens', {
  columns: { id, session_id: id, token_hash: text(64), created_at: time, spent_at: nullable(time) },
  primaryKey: ['id'],
  unique: { refresh_tokens_hash: ['token_hash'] },
  indexes: { refresh_tokens_session: ['session_id'] },
  references: { session_id: { table: 'sessions', onDelete: 'cascade' } },
});
