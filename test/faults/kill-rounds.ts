import { setTimeout as delay } from 'node:timers/promises';
import { destroyClients, hocuspocusClient, yWebsocketClient } from '../support/clients.ts';
import type { RowClass } from '../support/class-rows.ts';
import type { Random } from '../support/random.ts';
import type { ServerProcess } from '../support/server-process.ts';
import type { Site } from '../support/site.ts';
import { createLedger, type Ledger, type Writer } from '../support/token-checker.ts';
import { assertAlone, assertStored } from './fresh-node.ts';
import { synced } from './synced.ts';

export type Losses = {
  rounds: number;
  typed: number;
  seen: number;
  acknowledged: number;
  lost: number;
  doubled: number;
};

export const noLosses: Losses = { rounds: 0, typed: 0, seen: 0, acknowledged: 0, lost: 0, doubled: 0 };

export function addLosses(sum: Losses, ledger: Ledger, verdict: { lost: string[]; doubled: string[] }): Losses {
  const { typed, seen, acknowledged } = ledger.counts();
  return {
    rounds: sum.rounds,
    typed: sum.typed + typed,
    seen: sum.seen + seen,
    acknowledged: sum.acknowledged + acknowledged,
    lost: sum.lost + verdict.lost.length,
    doubled: sum.doubled + verdict.doubled.length,
  };
}

/** Writers type at random for a random while; then, in one turn, the server is killed and every tab closed. */
export async function typeAndKill(server: ServerProcess, writers: readonly Writer[], random: Random, upToMs: number) {
  const until = performance.now() + random.int(20, upToMs);
  const burst = () => {
    for (let left = random.int(1, 4); left > 0; left -= 1) random.pick(writers).type();
  };
  while (performance.now() < until) {
    burst();
    await delay(random.int(0, 15));
  }
  // The last ones are on their way, in the journal, or applied and half sent.
  burst();
  await delay(random.next() * 4);
  const killed = server.kill();
  destroyClients();
  await killed;
}

/** As many rounds on one document: kill, start again, look with a fresh client and into the database. */
export async function killRounds(site: Site, room: RowClass, random: Random, rounds: number) {
  const { server } = site;
  const ledger = createLedger(random);
  const [student = room.owner] = room.students;
  for (let round = 0; round < rounds; round += 1) {
    const clients = [
      yWebsocketClient(server.wsUrl, room.main, room.owner.token, { acks: true }),
      yWebsocketClient(server.wsUrl, room.main, student.token, { acks: true }),
      hocuspocusClient(server.wsUrl, room.main, student.token),
    ];
    const writers = clients.map((client) => ledger.write(client));
    // Now and then they begin to type before they have heard from the server.
    if (random.next() < 0.8) await synced(...clients);
    await typeAndKill(server, writers, random, 700);
    server.launch();
    if (random.next() < 0.25) {
      // Killed again on its way up, perhaps while it replays the journal.
      await delay(random.int(0, 600));
      await server.kill();
      server.launch();
    }
    await server.ready();
    const fresh = yWebsocketClient(server.wsUrl, room.main, room.owner.token);
    await synced(fresh);
    ledger.check(fresh.text.toJSON(), `round ${round}, a fresh node`);
    await assertAlone(fresh);
    await assertStored(site, { ledger, name: room.main, token: room.owner.token });
    fresh.destroy();
  }
  return ledger;
}

/** The same against a server that speaks Hocuspocus' protocol only; loses count instead of failing. */
export async function killStockRounds(server: ServerProcess, random: Random, rounds: number): Promise<Losses> {
  let losses = noLosses;
  for (let round = 0; round < rounds; round += 1) {
    const name = `room-${round}`;
    const ledger = createLedger(random);
    const open = () => hocuspocusClient(server.wsUrl, name, '');
    const clients = [0, 1, 2].map(() => open());
    const writers = clients.map((client) => ledger.write(client));
    await synced(...clients);
    await typeAndKill(server, writers, random, 700);
    await server.restart();
    const fresh = open();
    await synced(fresh);
    losses = addLosses({ ...losses, rounds: round + 1 }, ledger, ledger.judge(fresh.text.toJSON()));
    fresh.destroy();
  }
  return losses;
}
