import { z } from 'zod';
import type { RouteEntry } from '../http/openapi.ts';
import { media } from '../http/route.ts';

const entry = (
  path: string,
  summary: string,
  response: RouteEntry['response'],
  more: Partial<RouteEntry> = {},
): RouteEntry => ({
  method: 'get',
  path,
  tag: 'Operations',
  summary,
  description: undefined,
  access: 'public',
  params: z.object({}),
  query: undefined,
  body: undefined,
  response,
  errors: new Set(['internal-error']),
  ...more,
});

const readiness = z.object({
  status: z.enum(['starting', 'ready', 'degraded', 'unable', 'draining']),
  checks: z.array(
    z.object({ name: z.string(), ok: z.boolean(), required: z.boolean(), detail: z.string().optional() }),
  ),
});

/** What every process answers before the API is asked (`platform/operations.ts`). */
export const operationsEntries: readonly RouteEntry[] = [
  entry('/healthz', 'Is the process alive?', { 200: z.object({ status: z.literal('ok') }) }),
  entry('/readyz', 'Can the process serve?', { 200: readiness, 503: readiness }),
  entry('/version', 'What runs here', {
    200: z.object({
      name: z.literal('lectern'),
      version: z.string(),
      embedded: z.boolean(),
      demo: z.object({ joinCode: z.string(), password: z.string(), logins: z.array(z.string()) }).optional(),
    }),
  }),
  entry(
    '/metrics',
    'Metrics',
    { 200: media('text/plain', 'Prometheus text format.') },
    {
      description: 'With `METRICS_TOKEN` set, it is the bearer token; without it only this machine may ask.',
      errors: new Set(['internal-error', 'not-authenticated', 'forbidden']),
    },
  ),
];
