/** What the load process and the server process say to each other, by way of the bench. */

export type DialectName = 'y-websocket' | 'hocuspocus';

export type RoomsWanted = {
  rooms: number;
  /** Per room; the first `writers` of them write at any rate (staff, for a server that knows of roles). */
  clients: number;
  writers: number;
};

/** One room and the ways in, one for each client. */
export type Room = { name: string; clients: { url: string; token: string }[] };

export type Rooms = { dialect: DialectName; rooms: Room[] };

/** Of the whole process since it started; `loop*` are of its main thread's event loop. Microseconds, milliseconds. */
export type Usage = { cpuUs: number; loopActiveMs: number; loopIdleMs: number; atMs: number };

/** After garbage collection, bytes. `live` is the heap of the main thread and what it holds outside. */
export type Memory = { rss: number; heapUsed: number; live: number };
