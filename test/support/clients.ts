import { HocuspocusProvider } from '@hocuspocus/provider';
import { WebsocketProvider } from 'y-websocket';
import * as Y from 'yjs';
import { waitFor } from './wait-for.ts';

/** A stock client of either kind: its own Y.Doc and what happened to its connection. */
export type StockClient = {
  doc: Y.Doc;
  text: Y.Text;
  awareness: {
    clientID: number;
    getStates(): Map<number, Record<string, unknown>>;
    setLocalState(state: unknown): void;
  };
  /** Close codes seen, in order. */
  closes: number[];
  synced(): Promise<void>;
  destroy(): void;
};

export type YWebsocketClient = StockClient & { provider: WebsocketProvider };
export type HocuspocusClient = StockClient & { provider: HocuspocusProvider; refusals: string[] };

const living = new Set<StockClient>();

/** Ends every client that was made and not destroyed: for `afterEach`, so that a failed test does not hold the process. */
export function destroyClients(): void {
  for (const client of living) client.destroy();
}

function keep<T extends StockClient>(client: T): T {
  living.add(client);
  return client;
}

/** `WebsocketProvider` of the package y-websocket as published, the way the contract says to use it. */
export function yWebsocketClient(
  wsUrl: string,
  name: string,
  token: string,
  options: { doc?: Y.Doc; acks?: boolean } = {},
): YWebsocketClient {
  const doc = options.doc ?? new Y.Doc();
  const params: Record<string, string> = options.acks === true ? { token, acks: '1' } : { token };
  const provider = new WebsocketProvider(`${wsUrl}/collab`, name, doc, { params, disableBc: true });
  const closes: number[] = [];
  provider.on('connection-close', (event) => {
    if (event !== null) closes.push(event.code);
  });
  return keep({
    doc,
    text: doc.getText('f:main'),
    awareness: provider.awareness,
    closes,
    provider,
    synced: async () => {
      await waitFor(() => provider.synced, { what: `${name} to sync over y-websocket` });
    },
    // The document too: its awareness keeps a timer.
    destroy() {
      living.delete(this);
      provider.destroy();
      doc.destroy();
    },
  });
}

/** `HocuspocusProvider` of the package @hocuspocus/provider as published. */
export function hocuspocusClient(
  wsUrl: string,
  name: string,
  token: string,
  doc: Y.Doc = new Y.Doc(),
): HocuspocusClient {
  const closes: number[] = [];
  const refusals: string[] = [];
  const provider = new HocuspocusProvider({
    url: `${wsUrl}/hocuspocus`,
    name,
    document: doc,
    token,
    onClose: ({ event }) => void closes.push(event.code),
    onAuthenticationFailed: ({ reason }) => void refusals.push(reason),
  });
  return keep({
    doc,
    text: doc.getText('f:main'),
    awareness: provider.awareness as unknown as StockClient['awareness'],
    closes,
    refusals,
    provider,
    synced: async () => {
      await waitFor(() => provider.isSynced, { what: `${name} to sync over Hocuspocus` });
    },
    // The document too: its awareness keeps a timer.
    destroy() {
      living.delete(this);
      provider.destroy();
      doc.destroy();
    },
  });
}

/** Waits until all clients hold the same text, and that it fulfils `check`. */
export async function converged(clients: StockClient[], check: (text: string) => boolean): Promise<string> {
  return waitFor(
    () => {
      const [first, ...others] = clients.map(({ text }) => text.toJSON());
      return first !== undefined && check(first) && others.every((other) => other === first) ? first : false;
    },
    { what: `convergence of ${JSON.stringify(clients.map(({ text }) => text.toJSON().slice(0, 60)))}` },
  );
}
