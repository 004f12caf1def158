import type { Kysely } from 'kysely';
import type { Bus } from '#platform/bus/bus.ts';
import type { Clock } from '#platform/clock.ts';
import type { Schema } from '#platform/db/schema.ts';
import type { Log } from '#platform/log.ts';
import type { Ask } from './ask.ts';
import type { Serial } from './serial.ts';

/** All in milliseconds. */
export type BridgeConfig = {
  /** How often the stored runs are looked through: deadlines, cancellations, and whatever a lost message left behind. */
  sweepMs: number;
  /** How long a run is believed to be in the queue before the queue is asked again. */
  recheckMs: number;
  /** How long a worker may take to obey a cancellation before the run ends without it. */
  cancelGraceMs: number;
  /** The longest that a worker may have a run: its wall limits and some time to prepare and clean up. */
  activeMs: number;
};

/** What the parts of the bridge share. */
export type Bridge = {
  db: Kysely<Schema>;
  bus: Bus;
  ask: Ask;
  log: Log;
  clock: Clock;
  config: BridgeConfig;
  /** Keeps the news of one run in order. */
  serial: Serial;
  /** Runs that the queue was seen to have, and when (epoch ms). A memory only: losing it costs a few questions. */
  inQueue: Map<string, number>;
  /** Begins to hear what happens to the runs of this language; once begun it costs nothing. */
  follow(language: string): Promise<void>;
  /** Begins work that nobody waits for. A failure is logged and left to the next sweep. */
  begin(what: string, work: () => Promise<unknown>): void;
};
