import { id, nullable, tableMigration, text, time } from './table.ts';

export default tableMigration('sessions', {
  columns: {
    id,
    user_id: id,
    user_agent: text(500),
    created_at: time,
    last_seen_at: time,
    expires_at: time,
    revoked_at: nullable(time),
  },
  primaryKey: ['id'],
  indexes: { sessions_user: ['user_id'] },
  references: { user_id: { table: 'users', onDelete: 'cascade' } },
});
