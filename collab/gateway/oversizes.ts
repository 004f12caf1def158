import type { CloseReason } from '#contract/close-codes.ts';
import type { Channel } from './channel.ts';

const rememberMs = 60_000;

/**
 * Frames over the limit. The first closes its socket with a code after which a client comes back; one that comes back with
 * the same frame would do so for ever, so the second within a minute is for good.
 */
export function createOversizes({ now }: { now: () => number }) {
  const seen = new Map<string, number>();
  const key = ({ admission, document }: Channel) => `${admission?.user.id ?? ''} ${document}`;

  return {
    /** Such a frame has come on the socket of these channels; returns what to close it with. */
    add(channels: readonly Channel[]): CloseReason {
      const keys = channels.map(key);
      const again = keys.some((one) => now() - (seen.get(one) ?? -Infinity) < rememberMs);
      for (const one of keys) seen.set(one, now());
      return again ? 'tooLarge' : 'frameTooLarge';
    },
    sweep() {
      for (const [one, at] of seen) if (now() - at >= rememberMs) seen.delete(one);
    },
  };
}
