/** A program to be killed: inserts users into the database file it is given and prints each id once it is committed. */
import { openDatabase } from '#platform/db/database.ts';
import { testLog } from '../support/databases.ts';
import { user } from './database.rows.ts';

const { db } = await openDatabase({ file: process.argv[2]!, log: testLog });
for (let count = 0; ; count += 1) {
  await db
    .insertInto('users')
    .values(user(`k${count}`))
    .execute();
  process.stdout.write(`k${count}\n`);
}
