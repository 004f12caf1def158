import { openRunQueue } from '#platform/queue/index.ts';
import { testLog } from './databases.ts';

/** A worker process that takes one job, says so, and never ends it. */
const [redisUrl, prefix, language] = process.argv.slice(2);
const queue = await openRunQueue({ redisUrl, prefix: prefix!, dataDir: '', log: testLog });
await queue.consume(language!, { concurrency: 1 }, async () => {
  process.stdout.write('taken\n');
  await new Promise(() => undefined);
});
