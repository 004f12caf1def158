import { loadConfig } from '#platform/config.ts';
import { databaseFile, openDatabase } from '#platform/db/database.ts';
import { createLog } from '#platform/log.ts';
import { migrate, type MigrationDirection, type MigrationState } from './index.ts';

/** `npm run migrate -- up|down|status`: on `DATABASE_URL`, or on the embedded database of `DATA_DIR`. */
const help = `Use: npm run migrate -- up|down|status
  up      apply what is pending
  down    take back the newest migration, with the data of its table
  status  only look
`;

async function main(): Promise<void> {
  const [direction = '', ...rest] = process.argv.slice(2);
  if (!isDirection(direction) || rest.length > 0) throw new Error(help);
  const config = loadConfig(process.env, []);
  const log = createLog({ level: 'warn' });
  const database = await openDatabase({ url: config.databaseUrl, file: databaseFile(config.dataDir), log });
  try {
    process.stdout.write(tableOf(await migrate(database, direction, log)));
  } finally {
    await database.close();
  }
}

function isDirection(word: string): word is MigrationDirection {
  return word === 'up' || word === 'down' || word === 'status';
}

function tableOf(states: MigrationState[]): string {
  const width = Math.max(...states.map(({ name }) => name.length));
  return states
    .map(({ name, appliedAt, changed }) => {
      const state = appliedAt === undefined ? 'pending' : `applied ${new Date(appliedAt).toISOString()}`;
      return `${name.padEnd(width)}  ${state}${changed ? '  (now)' : ''}\n`;
    })
    .join('');
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${(error as Error).message.trimEnd()}\n`);
  process.exitCode = 1;
}
