import type { Store } from '../store.ts';

/** Resolves when the state is as wished, or after `withinMs` at the latest. */
export function waitUntil<T>(store: Store<T>, wished: (state: T) => boolean, withinMs: number): Promise<void> {
  if (wished(store.get())) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      unsubscribe();
      resolve();
    };
    const timer = setTimeout(done, withinMs);
    const unsubscribe = store.subscribe(() => wished(store.get()) && done());
  });
}
