import type { StockClient } from '../support/clients.ts';
import { waitFor } from '../support/wait-for.ts';

/** Waits until all clients are in sync, however busy the machine is. */
export async function synced(...clients: readonly StockClient[]): Promise<void> {
  const arrived = (client: StockClient) =>
    client.synced().then(
      () => true,
      () => false,
    );
  await waitFor(async () => (await Promise.all(clients.map(arrived))).every(Boolean), {
    withinMs: 60_000,
    what: 'clients to sync',
  });
}
