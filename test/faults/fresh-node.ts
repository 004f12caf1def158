import { yWebsocketClient, type StockClient } from '../support/clients.ts';
import type { Site } from '../support/site.ts';
import type { Ledger } from '../support/token-checker.ts';
import { waitFor } from '../support/wait-for.ts';
import { synced } from './synced.ts';

export type Written = { ledger: Ledger; name: string; token: string };

/** Waits until the database has every promised token, and fails when one is there twice. */
export async function assertStored(site: Site, { ledger, name }: Written): Promise<void> {
  await waitFor(async () => ledger.judge(await site.storedText(name)).lost.length === 0, {
    withinMs: 30_000,
    what: 'the database to have every promised token',
  });
  ledger.check(await site.storedText(name), 'the database');
}

/** Waits until a client sees nobody but itself and the server. */
export async function assertAlone({ awareness }: StockClient): Promise<void> {
  const others = () =>
    [...awareness.getStates()].filter(([id, { kind }]) => id !== awareness.clientID && kind !== 'server');
  await waitFor(() => others().length === 0, { what: 'the awareness of the gone to go' });
}

/**
 * The end of most cases: everything dies at once, and a fresh client of a fresh node finds every promised token once and
 * nobody there; so does the database, looked at by itself.
 */
export async function assertFreshNode(site: Site, documents: readonly Written[]): Promise<void> {
  await site.killAll();
  await site.server.restart();
  for (const document of documents) {
    const fresh = yWebsocketClient(site.server.wsUrl, document.name, document.token);
    await synced(fresh);
    document.ledger.check(fresh.text.toJSON(), 'a fresh node');
    await assertAlone(fresh);
    fresh.destroy();
    await assertStored(site, document);
  }
}
