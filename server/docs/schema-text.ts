import type { JsonSchema } from '../http/openapi.ts';
import { type Markup, markup } from './markup.ts';

/** A JSON Schema in the notation of TypeScript, with its bounds as notes: what a person reads faster than JSON. */
export function schemaText(schema: JsonSchema, indent = ''): Markup {
  const reference = schema.$ref?.split('/').at(-1);
  if (reference !== undefined) return markup`<a href="#schema-${reference}">${reference}</a>`;
  if (schema.enum !== undefined) return union(schema.enum.map((value) => markup`${JSON.stringify(value)}`));
  if (schema.const !== undefined) return markup`${JSON.stringify(schema.const)}`;
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined) return union(choices.map((choice) => schemaText(choice, indent)));
  if (schema.type === 'array') return arrayText(schema, indent);
  if (schema.type === 'object') return objectText(schema, indent);
  const types = [schema.type ?? 'any'].flat();
  return markup`${types.join(' | ')}${note(schema)}`;
}

function union(choices: readonly Markup[]): Markup {
  return markup`${choices.map((choice, index) => (index === 0 ? choice : markup` | ${choice}`))}`;
}

function arrayText(schema: JsonSchema, indent: string): Markup {
  const items = schemaText((schema.items ?? {}) as JsonSchema, indent);
  const compound = !items.html.startsWith('{') && / \| |<i>/.test(items.html);
  return markup`${compound ? markup`(${items})` : items}[]${note(schema)}`;
}

function objectText(schema: JsonSchema, indent: string): Markup {
  const properties = Object.entries(schema.properties ?? {}) as [string, JsonSchema][];
  if (properties.length === 0) return schema.properties === undefined ? markup`object` : markup`{}`;
  const inner = `${indent}  `;
  const lines = properties.map(([name, value]) => {
    const mark = schema.required?.includes(name) === true ? '' : '?';
    const about = value.description === undefined ? '' : markup` <i>${value.description}</i>`;
    return markup`${inner}<b>${name}</b>${mark}: ${schemaText(value, inner)}${about}\n`;
  });
  return markup`{\n${lines}${indent}}`;
}

function note(schema: JsonSchema): Markup {
  const { format, minLength, maxLength, minimum, maximum, minItems, maxItems } = schema;
  const size =
    range(minLength, maxLength, 'characters') ?? range(minItems, maxItems, 'items') ?? range(minimum, maximum);
  const byDefault = schema.default === undefined ? undefined : `default ${JSON.stringify(schema.default)}`;
  const notes = [format, size, byDefault].filter((part) => part !== undefined);
  return notes.length === 0 ? markup`` : markup` <i>${notes.join(', ')}</i>`;
}

function range(from: number | undefined, to: number | undefined, unit?: string): string | undefined {
  if (from === undefined && to === undefined) return undefined;
  const [low, high] = [from?.toLocaleString('en'), to?.toLocaleString('en')];
  const span = low === undefined ? `at most ${high}` : high === undefined ? `at least ${low}` : `${low} to ${high}`;
  return unit === undefined ? span : `${span} ${unit}`;
}
