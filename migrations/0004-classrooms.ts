import { id, integer, nullable, tableMigration, text, time } from './table.ts';

export default tableMigration('classrooms', {
  columns: {
    id,
    title: text(200),
    description: text(2000),
    language: text(32),
    mode: text(32),
    code: text(64),
    owner_id: id,
    starts_at: nullable(time),
    ends_at: nullable(time),
    ended_at: nullable(time),
    capacity: nullable(integer),
    run_seq: integer,
    created_at: time,
    deleted_at: nullable(time),
  },
  primaryKey: ['id'],
  unique: { classrooms_code: ['code'] },
  indexes: { classrooms_owner: ['owner_id'] },
  references: { owner_id: { table: 'users' } },
});
