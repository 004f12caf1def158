/**
 * Who was refused for good and came back all the same. y-websocket before 3.0 ignores close codes and connects again at
 * once, for ever; such a client is kept waiting before it is judged again, longer each time.
 */
export interface Strikes {
  /** How long, in ms, the next attempt should wait. */
  delay(key: string): number;
  /** This attempt was refused for good. */
  strike(key: string): void;
  sweep(): void;
}

const rememberMs = 60_000;
/** Someone who is let in again, or takes a wrong link a few times, does not wait. */
const free = 5;
const waitMs = { first: 250, most: 4_000 };
const maxKeys = 50_000;

export function createStrikes({ now }: { now: () => number }): Strikes {
  const strikes = new Map<string, { count: number; at: number }>();
  const recent = (key: string) => {
    const entry = strikes.get(key);
    return entry !== undefined && now() - entry.at < rememberMs ? entry.count : 0;
  };

  return {
    delay(key) {
      const count = recent(key);
      return count < free ? 0 : Math.min(waitMs.first * 2 ** (count - free), waitMs.most);
    },
    strike(key) {
      const count = recent(key) + 1;
      strikes.delete(key);
      strikes.set(key, { count, at: now() });
      if (strikes.size > maxKeys) strikes.delete(strikes.keys().next().value!);
    },
    sweep() {
      for (const [key, { at }] of strikes) if (now() - at >= rememberMs) strikes.delete(key);
    },
  };
}
