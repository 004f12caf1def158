import type { User } from '#contract/api/accounts.ts';
import type { UserRow } from './store.ts';

/** An account as its owner sees it. */
export function toUser(row: UserRow): User {
  return {
    id: row.id,
    email: row.email,
    name: row.name,
    avatarUrl: row.avatar_url,
    locale: row.locale,
    emailVerified: row.email_verified === 1,
    isAdmin: row.is_admin === 1,
  };
}
