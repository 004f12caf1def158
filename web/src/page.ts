import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Client } from './api/client.ts';
import type { Router } from './router.ts';
import type { Strings } from './strings/index.ts';

/** What every part of the page may use. */
export interface Page {
  client: Client;
  router: Router;
  strings: Strings;
}

export const PageContext = createContext<Page | undefined>(undefined);

export function usePage(): Page {
  const page = useContext(PageContext);
  if (page === undefined) throw new Error('usePage() needs a PageContext around it');
  return page;
}
