import { EventEmitter } from 'node:events';
import type { PGlite } from '@electric-sql/pglite';
import type { PgNotification, PgPool, PgPoolClient, PgQueryResult } from 'bullmq';

type Query = (text: string, params?: readonly unknown[]) => Promise<PgQueryResult>;

/**
 * PGlite as the `pg.Pool` that BullMQ expects. All clients share the one session there is, which is sound because
 * BullMQ's runtime commands are single statements; only its migrations need the session for themselves.
 */
export function poolOver(database: PGlite): PgPool {
  const query: Query = async (text, params) => {
    // Migrations are many statements at once, which only the simple protocol takes; it knows no parameters.
    const result = params === undefined ? (await database.exec(text)).at(-1) : await database.query(text, [...params]);
    return { rows: result?.rows ?? [], rowCount: result?.affectedRows ?? 0 };
  };
  const clients = new Set<Client>();
  database.onNotification((channel, payload) => {
    for (const client of clients) client.notify({ channel, payload });
  });

  // Every part of every queue listens to it for errors, of which there are none.
  const pool = new EventEmitter().setMaxListeners(0);
  return Object.assign(pool, {
    query,
    async connect() {
      const client = new Client(query, () => clients.delete(client));
      clients.add(client);
      return client;
    },
    // The database outlives the classes that use it; its owner closes it.
    end: async () => undefined,
  }) as PgPool;
}

class Client extends EventEmitter implements PgPoolClient {
  readonly query: Query;
  readonly release: () => void;
  /** What was notified while nobody listened, by channel and payload. */
  readonly #missed = new Map<string, PgNotification>();

  constructor(query: Query, release: () => void) {
    super();
    this.query = query;
    this.release = release;
    // BullMQ asks for events, finds none and only then begins to listen. What comes between the two would be noticed
    // 10 s later, so it is told to the next listener.
    this.on('newListener', (event) => {
      if (event === 'notification' && this.#missed.size > 0) queueMicrotask(() => this.#catchUp());
    });
  }

  notify(notification: PgNotification): void {
    if (this.emit('notification', notification)) return;
    this.#missed.set(`${notification.channel} ${notification.payload}`, notification);
  }

  #catchUp(): void {
    const missed = [...this.#missed.values()];
    this.#missed.clear();
    for (const notification of missed) this.notify(notification);
  }
}
