import { flag, id, nullable, tableMigration, text, time } from './table.ts';

export default tableMigration('users', {
  columns: {
    id,
    email: text(254),
    name: text(200),
    password_hash: nullable(text(255)),
    locale: text(35),
    email_verified: flag,
    is_admin: flag,
    avatar_url: nullable(text(500)),
    created_at: time,
  },
  primaryKey: ['id'],
  unique: { users_email: ['email'] },
});
