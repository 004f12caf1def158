import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after } from 'node:test';
import { openRunQueue } from '#platform/queue/index.ts';
import { testLog } from '../support/databases.ts';
import { newPrefix, redisUrl, removeKeys, skipRedis } from '../support/redis.ts';
import { queueSuite } from './queue.suite.ts';

const dataDir = await mkdtemp(path.join(tmpdir(), 'lectern-queue-'));
queueSuite({
  name: 'embedded',
  skip: false,
  open: () => openRunQueue({ redisUrl: undefined, prefix: '', dataDir, log: testLog }),
});

const prefix = newPrefix();
queueSuite({
  name: 'redis',
  skip: skipRedis,
  open: () => openRunQueue({ redisUrl, prefix, dataDir, log: testLog }),
});

after(async () => {
  await rm(dataDir, { recursive: true });
  if (skipRedis === false) await removeKeys(prefix);
});
