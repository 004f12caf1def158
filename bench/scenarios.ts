import type { Plan } from './plans.ts';

export type Scenario = {
  about: string;
  /** Names in `servers/variants.ts`. */
  servers: string[];
  rounds: number;
  plan: (pace: { seconds: number; quick: boolean }) => Plan;
};

const all = ['lectern', 'hocuspocus', 'y-websocket', 'relay'];
const withDocuments = ['lectern', 'hocuspocus', 'y-websocket'];
const stillCursors = { cursors: 0, cursorsPerSecond: 0 };

/** A class as the issue describes it; everything a reader of the tables must know stands in the plan, which is printed. */
export const scenarios: Record<string, Scenario> = {
  classroom: {
    about: '10 rooms of 30 people, 3 of them write 5 edits a second each',
    servers: ['lectern', 'hocuspocus', 'hocuspocus-database', 'y-websocket', 'relay'],
    rounds: 3,
    plan: ({ seconds, quick }) => ({
      kind: 'traffic',
      rooms: quick ? 2 : 10,
      clients: quick ? 10 : 30,
      writers: 3,
      editsPerSecond: 5,
      ...stillCursors,
      warmSeconds: quick ? 1 : 3,
      seconds,
      audit: true,
    }),
  },
  lecture: {
    about: 'one room of 300 people, one writes 10 edits a second, 30 move their cursors',
    servers: all,
    rounds: 3,
    plan: ({ seconds, quick }) => ({
      kind: 'traffic',
      rooms: 1,
      clients: quick ? 50 : 300,
      writers: 1,
      editsPerSecond: 10,
      cursors: quick ? 5 : 30,
      cursorsPerSecond: 1,
      warmSeconds: quick ? 1 : 3,
      seconds,
      audit: true,
    }),
  },
  workshop: {
    about: '50 rooms of 4 people who all write 4 edits a second',
    servers: all,
    rounds: 3,
    plan: ({ seconds, quick }) => ({
      kind: 'traffic',
      rooms: quick ? 10 : 50,
      clients: 4,
      writers: 4,
      editsPerSecond: 4,
      ...stillCursors,
      warmSeconds: quick ? 1 : 3,
      seconds,
      audit: true,
    }),
  },
  'join-storm': {
    about: '300 people join a text of 200 kB with 100,000 edits within 2 s, while somebody writes into it',
    servers: withDocuments,
    rounds: 3,
    plan: ({ quick }) => ({
      kind: 'join',
      joiners: quick ? 30 : 300,
      withinMs: quick ? 500 : 2_000,
      present: 10,
      editsPerSecond: 5,
      history: { edits: quick ? 10_000 : 100_000, charsPerEdit: 2, parts: quick ? 100 : 1_000 },
    }),
  },
  idle: {
    about: '200 rooms of 20 kB with 2 people each, and nobody types',
    servers: all.filter((name) => name !== 'relay'),
    rounds: 1,
    plan: ({ quick }) => ({
      kind: 'idle',
      rooms: quick ? 20 : 200,
      clients: 2,
      history: { edits: 20_000, charsPerEdit: 1, parts: 20 },
      idleSeconds: quick ? 2 : 90,
      renewSeconds: 15,
    }),
  },
  capacity: {
    about: '10 rooms of 30 people, 3 of them write: ever faster until p99 passes 100 ms',
    servers: ['lectern', 'lectern-unmetered', 'hocuspocus', 'y-websocket', 'relay'],
    rounds: 1,
    plan: ({ quick }) => ({
      kind: 'capacity',
      p99Ms: 100,
      from: quick ? 20 : 40,
      to: quick ? 40 : 2_560,
      step: {
        kind: 'traffic',
        rooms: 10,
        clients: 30,
        writers: 3,
        editsPerSecond: 0,
        ...stillCursors,
        warmSeconds: 1,
        seconds: quick ? 1 : 8,
        audit: false,
      },
    }),
  },
  'capacity-lecture': {
    about: 'one room of 300 people, one writes: ever faster until p99 passes 100 ms',
    servers: ['lectern', 'lectern-unmetered', 'lectern-slow-disk', 'hocuspocus', 'y-websocket', 'relay'],
    rounds: 1,
    plan: ({ quick }) => ({
      kind: 'capacity',
      p99Ms: 100,
      from: 125,
      to: quick ? 250 : 16_000,
      step: {
        kind: 'traffic',
        rooms: 1,
        clients: 300,
        writers: 1,
        editsPerSecond: 0,
        ...stillCursors,
        warmSeconds: 1,
        seconds: quick ? 1 : 8,
        audit: false,
      },
    }),
  },
};
