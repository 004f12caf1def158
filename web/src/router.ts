import { idPattern } from '#contract/ids.ts';
import { createStore, type Store } from './store.ts';

export type Route = { at: 'home' } | { at: 'classroom'; id: string } | { at: 'join'; code: string };

/** The three addresses of the page; anything else is home. */
export function parsePath(path: string): Route {
  const [, first, second] = path.split('/');
  const value = safeDecode(second ?? '');
  if (first === 'c' && idPattern.test(value)) return { at: 'classroom', id: value };
  if (first === 'join' && value !== '') return { at: 'join', code: value };
  return { at: 'home' };
}

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

function safeDecode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return '';
  }
}
