import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Log } from '#platform/log.ts';
import type { Link } from './link.ts';

type Listener = (body: unknown) => void | Promise<void>;

export interface Channels {
  /** This process among the others, as it stands in each envelope. */
  readonly self: string;
  /**
   * Delivers to this process, which works without the link too, and to the others; with `to` to that process alone.
   * Rejects when the link did not take the message; it is not sent later.
   */
  post(channel: string, body: unknown, options?: { to?: string }): Promise<void>;
  /**
   * Resolves, when messages of other processes arrive, to the function that ends it. Listeners are called in the order of
   * the messages, each in a turn of its own; what they throw must be handled by them.
   */
  on(channel: string, listener: Listener): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

const envelopeSchema = z.object({ from: z.string(), body: z.unknown() });

function open(text: string): z.infer<typeof envelopeSchema> | undefined {
  try {
    return envelopeSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/**
 * Named channels with any number of listeners. Every listener gets a copy of its own that has been through JSON, whoever
 * sent it, so that no adapter lets something pass that another would not.
 */
export function createChannels(deps: { link: Link; log: Log }): Channels {
  const { link, log } = deps;
  const self = randomUUID();
  const listeners = new Map<string, Set<Listener>>();

  function deliver(channel: string, body: unknown): void {
    for (const listener of listeners.get(channel) ?? []) {
      const copy = structuredClone(body);
      queueMicrotask(() => void listener(copy));
    }
  }

  link.onMessage((channel, text) => {
    const envelope = open(text);
    if (envelope === undefined) log.warn({ channel }, 'dropped a bus message without an envelope');
    // Our own came to our listeners without the detour.
    else if (envelope.from !== self) deliver(channel, envelope.body);
  });

  return {
    self,

    async post(channel, body, { to } = {}) {
      const text = JSON.stringify({ from: self, body });
      const here = (to === undefined || to === self) && listeners.has(channel);
      if (here) deliver(channel, open(text)?.body);
      if (to !== self) await link.send(channel, text);
    },

    async on(channel, listener) {
      const set = listeners.get(channel) ?? new Set();
      listeners.set(channel, set);
      set.add(listener);
      await link.listen(channel);
      return async () => {
        if (!set.delete(listener) || set.size > 0) return;
        if (listeners.get(channel) === set) listeners.delete(channel);
        await link.unlisten(channel);
      };
    },

    close() {
      listeners.clear();
      return link.close();
    },
  };
}
