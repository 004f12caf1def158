import type { JsonSchema } from '../http/openapi.ts';
import { type Html, html } from './html.ts';

/** A JSON Schema in the notation of TypeScript, with its bounds as notes: what a person reads faster than JSON. */
export function schemaText(schema: JsonSchema, indent = ''): Html {
  const reference = schema.$ref?.split('/').at(-1);
  if (reference !== undefined) return html`<a href="#schema-${reference}">${reference}</a>`;
  if (schema.enum !== undefined) return union(schema.enum.map((value) => html`${JSON.stringify(value)}`));
  if (schema.const !== undefined) return html`${JSON.stringify(schema.const)}`;
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined) return union(choices.map((choice) => schemaText(choice, indent)));
  if (schema.type === 'array') return arrayText(schema, indent);
  if (schema.type === 'object') return objectText(schema, indent);
  return html`${schema.type ?? 'any'}${note(schema)}`;
}

function union(choices: readonly Html[]): Html {
  return html`${choices.map((choice, index) => (index === 0 ? choice : html` | ${choice}`))}`;
}

function arrayText(schema: JsonSchema, indent: string): Html {
  const items = schemaText((schema.items ?? {}) as JsonSchema, indent);
  return html`${items.html.includes(' | ') ? html`(${items})` : items}[]${note(schema)}`;
}

function objectText(schema: JsonSchema, indent: string): Html {
  const properties = Object.entries(schema.properties ?? {}) as [string, JsonSchema][];
  if (properties.length === 0) return schema.properties === undefined ? html`object` : html`{}`;
  const inner = `${indent}  `;
  const lines = properties.map(([name, value]) => {
    const mark = schema.required?.includes(name) === true ? '' : '?';
    const about = value.description === undefined ? '' : html` <i>${value.description}</i>`;
    return html`${inner}<b>${name}</b>${mark}: ${schemaText(value, inner)}${about}\n`;
  });
  return html`{\n${lines}${indent}}`;
}

function note(schema: JsonSchema): Html {
  const { format, minLength, maxLength, minimum, maximum, minItems, maxItems } = schema;
  const size = range(minLength, maxLength, 'characters') ?? range(minItems, maxItems, 'items') ?? range(minimum, maximum);
  const byDefault = schema.default === undefined ? undefined : `default ${JSON.stringify(schema.default)}`;
  const notes = [format, size, byDefault].filter((part) => part !== undefined);
  return notes.length === 0 ? html`` : html` <i>${notes.join(', ')}</i>`;
}

function range(from: number | undefined, to: number | undefined, unit?: string): string | undefined {
  if (from === undefined && to === undefined) return undefined;
  const span = from === undefined ? `at most ${to}` : to === undefined ? `at least ${from}` : `${from} to ${to}`;
  return unit === undefined ? span : `${span} ${unit}`;
}
