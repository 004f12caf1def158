/** The servers that can be measured: a file each, and what is set for it. */
export type Variant = {
  file: string;
  label: string;
  env?: Record<string, string>;
  /** A module that is loaded first. */
  preload?: string;
  /** Has no document: what it carries can be counted, but not read back. */
  relay?: true;
  /** Its packages are in `peers/`. */
  peer?: true;
  /** Its acknowledgements say that the database has the edit. */
  durable?: true;
};

/** One person is read no more slowly however fast they send: what the machinery holds, not what a class needs. */
const unmetered = 'personFramesPerSecond=1000000,personBytesPerSecond=1000000000';

export const variants: Record<string, Variant> = {
  lectern: { file: './servers/lectern.ts', label: 'Lectern, journal and SQLite', durable: true },
  'lectern-hocuspocus': {
    file: './servers/lectern.ts',
    label: 'Lectern by its Hocuspocus endpoint',
    env: { BENCH_HOCUSPOCUS_ENDPOINT: '1' },
    durable: true,
  },
  'lectern-unmetered': {
    file: './servers/lectern.ts',
    label: 'Lectern without the limit on what one person sends a second',
    env: { BENCH_DOCUMENT_LIMITS: unmetered },
    durable: true,
  },
  'lectern-slow-disk': {
    file: './servers/lectern.ts',
    label: 'the same, each commit 5 ms longer',
    env: { BENCH_DOCUMENT_LIMITS: unmetered, BENCH_COMMIT_DELAY_MS: '5' },
    preload: './servers/slow-commit.ts',
    durable: true,
  },
  hocuspocus: { file: './servers/hocuspocus.ts', label: '@hocuspocus/server 4.7.0', peer: true },
  'hocuspocus-database': {
    file: './servers/hocuspocus.ts',
    label: 'the same with its database extension on SQLite',
    env: { BENCH_DATABASE: '1' },
    peer: true,
  },
  'y-websocket': { file: './servers/y-websocket.ts', label: 'y-websocket 1.5.4 bin/server.js', peer: true },
  relay: { file: './servers/relay.ts', label: 'bare ws 8.23, copies frames', relay: true },
};

/** What the ratios are against. */
export const reference = 'hocuspocus';
