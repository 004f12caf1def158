import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { yWebsocketClient } from '../support/clients.ts';
import type { RowPerson } from '../support/class-rows.ts';
import { databaseEngines } from '../support/databases.ts';
import { createRandom } from '../support/random.ts';
import { openSite } from '../support/site.ts';
import { long, seed } from './mode.ts';
import { synced } from './synced.ts';

const rooms = 2_000;
const minutes = Number(process.env.FAULTS_SOAK_MINUTES ?? 20);
const atOnce = 10;

type Resources = {
  rss: number;
  heapUsed: number;
  external: number;
  descriptors: number;
  counts: Record<string, number>;
};

process.setMaxListeners(0);

test(
  '[DUR19] L7: 2000 documents opened once, then one join a second: memory, handles and timers stay flat',
  { skip: !long && `takes ${minutes} minutes: npm run test:faults -- --only L7`, timeout: (minutes + 20) * 60_000 },
  async (t) => {
    const random = createRandom(seed);
    const site = await openSite({ engine: databaseEngines[0]!, env: { LOG_LEVEL: 'warn' } });
    t.after(() => site.close());
    const room = await site.insertClass({ students: rooms });
    const table: { at: string; resources: Resources }[] = [];
    const sample = async (at: string) => {
      const answer = await fetch(`http://127.0.0.1:${site.server.port}/resources`);
      const resources = (await answer.json()) as Resources;
      table.push({ at, resources });
      const mb = (bytes: number) => `${Math.round(bytes / 1024 / 1024)}`.padStart(5);
      const { rss, heapUsed, external, descriptors, counts } = resources;
      const line = `rss ${mb(rss)}  heap ${mb(heapUsed)}  external ${mb(external)} MB  descriptors ${descriptors}`;
      t.diagnostic(`${at.padEnd(24)} ${line}  timers ${counts.Timeout ?? 0}  sockets ${counts.TCPSocketWrap ?? 0}`);
    };
    const visit = async (student: RowPerson, ms: number) => {
      const client = yWebsocketClient(site.server.wsUrl, room.workspace(student), student.token);
      await synced(client);
      client.text.insert(0, `print(${random.int(0, 1_000_000)})\n`.repeat(20));
      await delay(ms);
      client.destroy();
    };

    await sample('started');
    const left = [...room.students];
    await Promise.all(
      Array.from({ length: atOnce }, async () => {
        for (let student = left.pop(); student !== undefined; student = left.pop()) await visit(student, 50);
      }),
    );
    await sample(`${rooms} opened`);
    await delay(60_000);
    await sample('60 s later');
    const settled = table.at(-1)!.resources;

    const visits: Promise<void>[] = [];
    for (let second = 1; second <= minutes * 60; second += 1) {
      visits.push(visit(random.pick(room.students), random.int(200, 4_000)));
      await delay(1_000);
      if (second % 60 === 0) await sample(`${second / 60} min`);
    }
    await Promise.all(visits);
    await delay(60_000);
    await sample('60 s after the last');
    const [first, last] = [table[0]!.resources, table.at(-1)!.resources];
    const megabytes = (bytes: number) => bytes / 1024 / 1024;
    assert.ok(megabytes(settled.heapUsed - first.heapUsed) < 40, 'documents that nobody has open leave memory');
    assert.ok(megabytes(last.heapUsed - settled.heapUsed) < 15, 'the heap stays flat');
    assert.ok(last.rss < settled.rss * 1.15 + 30 * 1024 * 1024, 'memory stays flat');
    assert.ok(last.descriptors <= settled.descriptors + 5, 'descriptors stay flat');
    assert.ok((last.counts.Timeout ?? 0) <= (settled.counts.Timeout ?? 0) + 5, 'timers stay flat');
  },
);
