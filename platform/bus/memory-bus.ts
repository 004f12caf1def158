import type { Log } from '#platform/log.ts';
import type { Bus } from './bus.ts';
import { createBus } from './create-bus.ts';
import type { Link } from './link.ts';

const alone: Link = {
  onMessage: () => undefined,
  send: async () => undefined,
  listen: async () => undefined,
  unlisten: async () => undefined,
  healthy: () => true,
  close: async () => undefined,
};

/** The bus of a process that has no other beside it. Messages are encoded and checked all the same, so nothing is shared. */
export function createMemoryBus(deps: { log: Log }): Bus {
  return createBus({ link: alone, log: deps.log });
}
