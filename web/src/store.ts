import { useLayoutEffect, useReducer, useRef } from 'preact/hooks';

/** A value that tells its listeners when it has changed. The whole state management of this page. */
export interface Store<T> {
  get(): T;
  set(next: T): void;
  subscribe(listener: () => void): () => void;
}

export function createStore<T>(initial: T): Store<T> {
  let value = initial;
  const listeners = new Set<() => void>();
  return {
    get: () => value,
    set(next) {
      if (Object.is(next, value)) return;
      value = next;
      for (const listener of [...listeners]) listener();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** Sets some fields of an object store; nobody is told when none of them differs. */
export function patch<T extends object>(store: Store<T>, fields: Partial<T>): void {
  const now = store.get();
  const differs = (Object.keys(fields) as (keyof T)[]).some((key) => !Object.is(fields[key], now[key]));
  if (differs) store.set({ ...now, ...fields });
}

/** Redraws the component when what it selects from the store has changed. */
export function useStore<T>(store: Store<T>): T;
export function useStore<T, S>(store: Store<T>, select: (value: T) => S): S;
export function useStore<T, S>(store: Store<T>, select?: (value: T) => S): T | S {
  const [, redraw] = useReducer((count: number, _: null) => count + 1, 0);
  const read = () => (select === undefined ? store.get() : select(store.get()));
  const current = read();
  const latest = useRef({ read, current });
  latest.current = { read, current };
  useLayoutEffect(() => {
    const check = () => {
      if (!Object.is(latest.current.read(), latest.current.current)) redraw(null);
    };
    check();
    return store.subscribe(check);
  }, [store]);
  return current;
}
