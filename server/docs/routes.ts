import { z } from 'zod';
import { createOpenApi } from '../http/openapi.ts';
import { media, type Route, route } from '../http/route.ts';
import { operationsEntries } from './operations-entries.ts';
import { renderDocs } from './page.ts';

const tag = 'Documentation';
/** Of the promise to clients, not of the program: additions keep it. */
const contractVersion = '1.0.0';

/** The documentation of `features`, of the operations and of itself, made once from the routes as they run. */
export function docsRoutes(features: readonly Route[]): Route[] {
  const routes: Route[] = [
    route({
      method: 'get',
      path: '/openapi.json',
      tag,
      summary: 'This API as OpenAPI 3.1',
      access: 'public',
      response: { 200: z.record(z.string(), z.unknown()) },
      handler: async () => ({ body: openApi }),
    }),
    route({
      method: 'get',
      path: '/docs',
      tag,
      summary: 'This API as a page',
      access: 'public',
      response: { 200: media('text/html', 'A page without scripts, which needs nothing from elsewhere.') },
      handler: async () => ({ body: page }),
    }),
    route({
      method: 'get',
      path: '/problems/:code',
      tag,
      summary: 'What an error code means',
      description: 'The `type` of every problem leads here, and from here to the page.',
      access: 'public',
      params: {
        code: z
          .string()
          .regex(/^[a-z-]{1,40}$/)
          .describe('Error code.'),
      },
      response: { 303: null },
      handler: async ({ params }) => ({ headers: { Location: `/docs#problem-${params.code}` } }),
    }),
  ];
  const openApi = createOpenApi([...features, ...routes, ...operationsEntries], {
    title: 'Lectern',
    version: contractVersion,
    description: 'The back end of live programming classes: shared Monaco documents, accounts, classrooms and runs.',
  });
  const page = renderDocs(openApi);
  return routes;
}
