import { id, nullable, tableMigration, text, time } from './table.ts';

export default tableMigration('members', {
  columns: {
    classroom_id: id,
    user_id: id,
    role: text(32),
    joined_at: time,
    last_seen_at: nullable(time),
    banned_at: nullable(time),
  },
  primaryKey: ['classroom_id', 'user_id'],
  indexes: { members_user: ['user_id'] },
  references: { classroom_id: { table: 'classrooms' }, user_id: { table: 'users' } },
});
