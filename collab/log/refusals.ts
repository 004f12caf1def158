import { DatabaseError } from '#platform/db/database-error.ts';
import { isDatabaseAway } from '#platform/db/statements.ts';

/**
 * MySQL and MariaDB: refusals that pass by themselves. Lock wait timeout, deadlock, killed query, statement timeouts,
 * too many connections, shutdown, out of memory, out of disk, read-only, XA and replication states.
 */
const passingOnMysql = new Set([
  1205, 1213, 1317, 1969, 3024, 1040, 1203, 1226, 1053, 1037, 1038, 1041, 1021, 1114, 1028, 1030, 1290, 1792, 1836,
  1158, 1159, 1160, 1161, 1180, 1181, 1206, 1614, 1689, 3058, 3572,
]);
/** MySQL: null, duplicate of another kind, range, truncation, wrong characters, packet too large, row too large, checks. */
const dataOnMysql = new Set([1048, 1118, 1153, 1264, 1265, 1292, 1301, 1366, 1406, 1452, 3819, 3988, 4025]);

/** SQLite, primary codes: busy, locked, out of memory, read-only, interrupted, I/O, full, cannot open, protocol, schema. */
const passingOnSqlite = new Set([4, 5, 6, 7, 8, 9, 10, 13, 14, 15, 17]);
/** SQLite, primary codes: too big, constraint, mismatch, misuse (a value it cannot take), range. */
const dataOnSqlite = new Set([18, 19, 20, 21, 25]);

/** Whether the same statement may well succeed later: no connection, locks, deadlocks, a full disk. */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof DatabaseError)) return false;
  if (isDatabaseAway(error)) return true;
  return error.engine === 'mysql' ? passingOnMysql.has(error.errcode) : passingOnSqlite.has(error.errcode & 0xff);
}

/** Whether what was to be stored is the reason, whenever and wherever it is tried. */
export function isAboutData(error: unknown): boolean {
  if (!(error instanceof DatabaseError)) return error instanceof TypeError;
  return error.engine === 'mysql' ? dataOnMysql.has(error.errcode) : dataOnSqlite.has(error.errcode & 0xff);
}
