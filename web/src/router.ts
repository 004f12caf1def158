import { parsePath, type Route } from './route.ts';
import { createStore, type Store } from './store.ts';

export interface Router {
  route: Store<Route>;
  /** Changes the address; `replace` when going back should not lead here again. */
  go(path: string, options?: { replace?: boolean }): void;
}

export function createRouter(): Router {
  const route = createStore<Route>(parsePath(location.pathname));
  addEventListener('popstate', () => route.set(parsePath(location.pathname)));
  return {
    route,
    go(path, { replace = false } = {}) {
      if (replace) history.replaceState(null, '', path);
      else history.pushState(null, '', path);
      route.set(parsePath(path));
    },
  };
}
