import { STATUS_CODES } from 'node:http';
import { z } from 'zod';
import { problemSchema } from '#contract/api/common.ts';
import { type ErrorCode, errorTable } from '#contract/errors.ts';
import type { Route } from './route.ts';

/** What the document tells of a route. */
export type RouteEntry = Omit<Route, 'handler' | 'authorize' | 'bodyBytes'>;

export type JsonSchema = z.core.JSONSchema.BaseSchema;
export type Parameter = {
  name: string;
  in: 'path' | 'query';
  required: boolean;
  description: string;
  schema: JsonSchema;
};
type Content = Record<string, { schema: JsonSchema }>;
/** `x-codes`: the error codes that a problem may carry here. */
export type Answer = {
  description: string;
  headers?: Record<string, unknown>;
  content?: Content;
  'x-codes'?: ErrorCode[];
};
export type Operation = {
  tags: [string];
  operationId: string;
  summary: string;
  description?: string;
  security: Record<string, []>[];
  parameters: Parameter[];
  requestBody?: { required: boolean; content: Content };
  responses: Record<string, Answer>;
};
export type OpenApi = {
  openapi: '3.1.1';
  info: { title: string; version: string; description: string };
  servers: { url: string }[];
  tags: { name: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: { securitySchemes: Record<string, unknown>; schemas: Record<string, JsonSchema> };
};

type Components = Record<string, JsonSchema>;

/** The OpenAPI 3.1 document of these routes. Throws when one of them cannot be told correctly. */
export function createOpenApi(entries: readonly RouteEntry[], info: OpenApi['info']): OpenApi {
  const components: Components = {};
  toSchema(problemSchema, 'output', components);
  toSchema(z.enum(Object.keys(errorTable)).meta({ id: 'ErrorCode' }), 'output', components);
  const paths: OpenApi['paths'] = {};
  for (const entry of entries) {
    const path = entry.path.replaceAll(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [entry.method]: toOperation(entry, components) };
  }
  return {
    openapi: '3.1.1',
    info,
    servers: [{ url: '/' }],
    tags: [...new Set(entries.map((entry) => entry.tag))].map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: { accessToken: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
      schemas: components,
    },
  };
}

function toOperation(entry: RouteEntry, components: Components): Operation {
  const { method, path, tag, summary, description, access, body, response, errors } = entry;
  const bodySchema = body && toSchema(body, 'input', components);
  return {
    tags: [tag],
    operationId:
      method + path.replaceAll(/[/:-]+(\w)/g, (_, letter: string) => letter.toUpperCase()).replaceAll(/\W/g, ''),
    summary,
    ...(description === undefined ? {} : { description }),
    security: access === 'session' ? [{ accessToken: [] }] : [],
    parameters: [
      ...toParameters('path', path, entry.params, components),
      ...(entry.query === undefined ? [] : toParameters('query', path, entry.query, components)),
    ],
    ...(body && bodySchema
      ? {
          requestBody: {
            required: !body.safeParse(undefined).success,
            content: { 'application/json': { schema: bodySchema } },
          },
        }
      : {}),
    responses: { ...toResponses(response, components), ...toProblems(errors) },
  };
}

function toParameters(place: 'path' | 'query', path: string, schema: z.ZodType, components: Components): Parameter[] {
  const { properties = {}, required = [] } = toSchema(schema, 'input', components);
  return Object.entries(properties).map(([name, value]) => {
    const { description = describeId(path, name), ...rest } = value as JsonSchema;
    if (description === undefined) throw new Error(`${path}: the parameter ${name} needs .describe()`);
    return { name, in: place, required: required.includes(name), description, schema: rest };
  });
}

/** `/classrooms/:id` is the id of the classroom, `:userId` that of the user. */
function describeId(path: string, name: string): string | undefined {
  const thing = name === 'id' ? /([a-z-]+?)s?\/:id(?:\/|$)/.exec(path)?.[1] : /^(\w+)Id$/.exec(name)?.[1];
  return thing && `Id of the ${thing}.`;
}

function toResponses(response: RouteEntry['response'], components: Components): Operation['responses'] {
  return Object.fromEntries(
    Object.entries(response).map(([status, body]) => {
      const description = STATUS_CODES[status] ?? status;
      if (body === null) return [status, { description }];
      if ('contentType' in body)
        return [
          status,
          { description: body.description, content: { [body.contentType]: { schema: { type: 'string' } } } },
        ];
      return [
        status,
        { description, content: { 'application/json': { schema: toSchema(body, 'output', components) } } },
      ];
    }),
  );
}

/** One entry per status, which names the codes that it may carry here. */
function toProblems(errors: Iterable<ErrorCode>): Operation['responses'] {
  const byStatus = Map.groupBy([...errors].toSorted(), (code) => errorTable[code].status);
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => {
      const description = codes.map((code) => `\`${code}\`: ${errorTable[code].title}`).join('; ');
      const schema = { allOf: [{ $ref: '#/components/schemas/Problem' }, { properties: { code: { enum: codes } } }] };
      const headers = { 'Retry-After': { description: 'Seconds to wait, when known.', schema: { type: 'integer' } } };
      return [
        status,
        {
          description,
          ...(status === 429 || status === 503 ? { headers } : {}),
          content: { 'application/problem+json': { schema } },
          'x-codes': codes,
        },
      ];
    }),
  );
}

/** A zod schema as JSON Schema; what has an id of its own goes into the components and is referred to. */
function toSchema(schema: z.ZodType, io: 'input' | 'output', components: Components): JsonSchema {
  const {
    $schema: _,
    $defs = {},
    ...rest
  } = z.toJSONSchema(schema, { io, unrepresentable: 'any', override: tidy(io) });
  for (const [name, definition] of Object.entries($defs)) {
    const component = refer(definition);
    if (components[name] !== undefined && JSON.stringify(components[name]) !== JSON.stringify(component))
      throw new Error(`two different schemas have the id ${name}`);
    components[name] = component;
  }
  return refer(rest);
}

const refer = (schema: object): JsonSchema =>
  JSON.parse(JSON.stringify(schema).replaceAll('"#/$defs/', '"#/components/schemas/')) as JsonSchema;

function tidy(io: 'input' | 'output') {
  return ({ jsonSchema }: { jsonSchema: JsonSchema }) => {
    // Answers may gain fields (contract, top), so a reader must not be told that there are no others.
    if (io === 'output' && jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
    if (jsonSchema.format !== undefined) delete jsonSchema.pattern;
    if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
    if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
  };
}
