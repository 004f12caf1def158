import type { KyselyPlugin } from 'kysely';
import { systemClock } from '#platform/clock.ts';
import { openDatabase } from '#platform/db/database.ts';
import { createNewId } from '#platform/ids.ts';
import { compact } from '../../collab/log/compact.ts';
import { createSnapshotBuilder } from '../../collab/log/snapshot-builder.ts';
import { testLog } from '../support/databases.ts';

/**
 * A process that compacts a document and kills itself before the statement that is named as kind:number within the
 * compaction, such as `DeleteQueryNode:1`, or after the last one with `end`.
 */
const [place, document, moment] = process.argv.slice(2) as [string, string, string];
const die = () => process.kill(process.pid, 'SIGKILL');

const seen = new Map<string, number>();
const killer: KyselyPlugin = {
  transformQuery({ node }) {
    const count = (seen.get(node.kind) ?? 0) + 1;
    seen.set(node.kind, count);
    if (moment === `${node.kind}:${count}`) die();
    return node;
  },
  transformResult: async ({ result }) => result,
};

const { db } = await openDatabase({ ...(JSON.parse(place) as { file?: string; url?: string }), log: testLog });
const deps = { db: db.withPlugin(killer), clock: systemClock, newId: createNewId(systemClock.now), log: testLog };
await compact({ ...deps, builder: createSnapshotBuilder() }, document);
die();
