import assert from 'node:assert/strict';
import type { HocuspocusClient, StockClient, YWebsocketClient } from './clients.ts';
import type { Random } from './random.ts';
import { waitFor } from './wait-for.ts';

/** Every token is this long, so that places between tokens are multiples of it and no token is ever torn. */
const width = 10;
const pattern = /<[0-9a-z]{8}>/g;

/** A client that types tokens. */
export type Writer = {
  client: StockClient;
  /** Types one token between two others; resolves to nothing and waits for nothing. */
  type(): string;
  /** Types a token with about so many more characters behind it. */
  paste(chars: number): string;
};

/**
 * The book of all tokens of one document: which were typed, which another client has received (seen), and which were
 * reported saved (acknowledged). What was seen or acknowledged is promised.
 */
export type Ledger = {
  /** Takes a client as soon as it is made. */
  write(client: YWebsocketClient | HocuspocusClient): Writer;
  /** Only looks: what reaches this client was seen. `write` does this too. */
  watch(client: StockClient): void;
  counts(): { typed: number; seen: number; acknowledged: number; promised: number };
  /** What is wrong with a replica's text: promised tokens that are missing, and tokens that are there twice. */
  judge(text: string): { lost: string[]; doubled: string[] };
  /** Fails when a promised token is missing in `text`, or any token is there twice. */
  check(text: string, where: string): void;
};

export function createLedger(random: Random): Ledger {
  const typed: string[] = [];
  const seen = new Set<string>();
  const acknowledged = new Set<string>();
  let writers = 0;
  const promised = () => new Set([...seen, ...acknowledged]);

  const watch = ({ text }: StockClient) => {
    text.observe((event, transaction) => {
      if (transaction.local) return;
      for (const { insert } of event.delta)
        if (typeof insert === 'string') for (const token of insert.match(pattern) ?? []) seen.add(token);
    });
  };

  const judge = (text: string) => {
    const counts = new Map<string, number>();
    for (const token of text.match(pattern) ?? []) counts.set(token, (counts.get(token) ?? 0) + 1);
    return {
      lost: [...promised()].filter((token) => !counts.has(token)),
      doubled: [...counts].filter(([, count]) => count > 1).map(([token]) => token),
    };
  };

  return {
    watch,
    judge,
    check(text, where) {
      const { lost, doubled } = judge(text);
      const how = (token: string) => [seen.has(token) && 'seen', acknowledged.has(token) && 'saved'].filter(Boolean);
      const first = (tokens: string[]) =>
        tokens
          .slice(0, 5)
          .map((token) => `${token} (${how(token).join(', ')})`)
          .join(' ');
      assert.equal(lost.length, 0, `${where}: ${lost.length} promised tokens are lost, among them ${first(lost)}`);
      assert.equal(doubled.length, 0, `${where}: ${doubled.length} tokens are doubled, among them ${first(doubled)}`);
    },
    counts: () => ({
      typed: typed.length,
      seen: seen.size,
      acknowledged: acknowledged.size,
      promised: promised().size,
    }),
    write(client) {
      watch(client);
      const own: string[] = [];
      writers += 1;
      const writer = writers.toString(36).padStart(3, '0');
      const following = isHocuspocus(client) ? followHocuspocus(client) : followYWebsocket(client);
      following((tokens) => {
        for (const token of tokens) acknowledged.add(token);
      }, own);

      function insert(filler: string): string {
        const token = `<${writer}${own.length.toString(36).padStart(5, '0')}>`;
        typed.push(token);
        own.push(token);
        client.text.insert(random.int(0, client.text.length / width) * width, token + filler);
        return token;
      }
      return {
        client,
        type: () => insert(''),
        paste: (chars) => insert('.'.repeat(Math.ceil(chars / width) * width)),
      };
    },
  };
}

type Follow = (acknowledge: (tokens: readonly string[]) => void, own: readonly string[]) => void;

function isHocuspocus(client: YWebsocketClient | HocuspocusClient): client is HocuspocusClient {
  return 'refusals' in client;
}

/** When the provider says that nothing is unsynced, all that was typed is saved. */
function followHocuspocus({ provider }: HocuspocusClient): Follow {
  return (acknowledge, own) => {
    provider.on('unsyncedChanges', ({ number }: { number: number }) => {
      if (number === 0) acknowledge(own);
    });
  };
}

/** Frames of type 100 count the update frames of a socket that are saved, so what each frame held is written down. */
function followYWebsocket({ provider, doc }: YWebsocketClient): Follow {
  return (acknowledge, own) => {
    assert.equal(provider.wsconnected, false, 'frames are counted from the first: take the client before it connects');
    let frames: (readonly string[])[] = [];
    let told = 0;
    let answered = false;
    /** Behind the last token that has gone out as an update, whichever socket it went to. */
    let handed = own.length;

    const tap = () => {
      const socket = provider.ws;
      if (socket === null) return;
      frames = [];
      told = 0;
      answered = false;
      const send = socket.send.bind(socket);
      socket.send = (data) => {
        assert.ok(data instanceof Uint8Array);
        // An answer to the server's state vector holds all that was typed before; an update what was typed just now. One
        // that goes out before that answer may build on text that is still here, so its count promises nothing yet.
        if (data[0] === 0 && data[1] === 1) {
          answered = true;
          frames.push(own.slice());
        }
        if (data[0] === 0 && data[1] === 2) frames.push(answered ? own.slice(handed) : []);
        send(data);
      };
    };
    tap();
    provider.on('status', ({ status }: { status: string }) => {
      if (status === 'connecting') tap();
    });
    // After the provider's own listener, which sends.
    doc.on('update', () => {
      handed = own.length;
    });
    // oxlint-disable-next-line typescript/no-explicit-any -- handlers get what lib0 made
    (provider.messageHandlers as any[])[100] = (_encoder: unknown, decoder: { arr: Uint8Array; pos: number }) => {
      const count = readVarUint(decoder);
      assert.ok(count <= frames.length, `${count} frames acknowledged of ${frames.length} sent`);
      for (; told < count; told += 1) acknowledge(frames[told]!);
    };
  };
}

function readVarUint(decoder: { arr: Uint8Array; pos: number }): number {
  let value = 0;
  for (let factor = 1; ; factor *= 128) {
    const byte = decoder.arr[decoder.pos++]!;
    value += (byte & 127) * factor;
    if (byte < 128) return value;
  }
}

/**
 * Waits until all clients hold the same text with every token of the ledger that is promised, none twice; gives the text.
 */
export async function assertConverged(
  ledger: Ledger,
  clients: readonly StockClient[],
  withinMs = 15_000,
): Promise<string> {
  const texts = () => clients.map(({ text }) => text.toJSON());
  const text = await waitFor(
    () => {
      const [first, ...others] = texts();
      return others.every((other) => other === first) && ledger.judge(first!).lost.length === 0
        ? { first: first! }
        : false;
    },
    {
      withinMs,
      what: `${clients.length} clients to converge, lengths ${texts()
        .map(({ length }) => length)
        .join(', ')}`,
    },
  );
  ledger.check(text.first, 'a client');
  return text.first;
}
