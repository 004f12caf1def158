import type { Shares } from './load/share.ts';

/** Plans of the load process, in numbers. */
export type TrafficPlan = {
  kind: 'traffic';
  rooms: number;
  clients: number;
  writers: number;
  /** Of each writer. */
  editsPerSecond: number;
  /** How many of the others move their cursor, and how often each. */
  cursors: number;
  cursorsPerSecond: number;
  warmSeconds: number;
  seconds: number;
  /** Read the documents back afterwards. */
  audit: boolean;
};

export type CapacityPlan = {
  kind: 'capacity';
  step: TrafficPlan;
  /** Of each writer: the first step; each next one has twice as much. */
  from: number;
  to: number;
  p99Ms: number;
};

export type JoinPlan = {
  kind: 'join';
  joiners: number;
  withinMs: number;
  /** Who is there already and reads along. */
  present: number;
  editsPerSecond: number;
  history: { edits: number; charsPerEdit: number; parts: number };
};

export type IdlePlan = {
  kind: 'idle';
  rooms: number;
  clients: number;
  history: { edits: number; charsPerEdit: number; parts: number };
  idleSeconds: number;
  /** As stock clients renew their awareness. */
  renewSeconds: number;
};

export type Plan = TrafficPlan | CapacityPlan | JoinPlan | IdlePlan;

/** What a run measured. Milliseconds, microseconds of CPU per delivery, bytes; undefined: there is no such thing. */
export type Run = {
  metrics: Record<string, number | undefined>;
  /** Undefined when no step of a ramp was held. */
  shares?: Shares;
  /** Each must be 0. */
  checks: Record<string, number>;
  /** With which the server ended sockets. */
  closeCodes: number[];
  /** For a ramp: its steps. */
  steps?: Step[];
};

/** Without figures when it ended in an `error`. */
export type Step = {
  editsPerSecond: number;
  deliveriesPerSecond?: number;
  echoP50?: number;
  echoP99?: number;
  cpuPerDelivery?: number;
  durableP95?: number;
  shares?: Shares;
  error?: string;
  held: boolean;
  /** The load process could not do more. */
  generator: boolean;
};
