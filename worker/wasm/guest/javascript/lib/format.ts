import { inspect } from './inspect.ts';

function formatDirective(directive: string, value: unknown): string {
  switch (directive) {
    case 's':
      if (typeof value === 'string') return value;
      if (typeof value === 'object' && value !== null) return inspect(value, { depth: 0 });
      return typeof value === 'bigint' ? `${value}n` : Object.is(value, -0) ? '-0' : String(value);
    case 'd':
      return typeof value === 'bigint' ? `${value}n` : typeof value === 'symbol' ? 'NaN' : String(Number(value));
    case 'i':
      return typeof value === 'bigint' ? `${value}n` : String(Number.parseInt(String(value), 10));
    case 'f':
      return String(Number.parseFloat(String(value)));
    case 'j':
      return JSON.stringify(value) ?? 'undefined';
    case 'c':
      return '';
    default:
      return inspect(value, { depth: directive === 'o' ? 4 : 2 });
  }
}

/** The text of `console.log(...values)`, with printf-like directives when the first value is a string. */
export function format(...values: unknown[]): string {
  const [first, ...rest] = values;
  let text = '';
  let parts = values;
  if (typeof first === 'string') {
    if (rest.length === 0) return first;
    text = first.replace(/%[sdifjoOc%]/g, (directive) => {
      if (directive === '%%') return '%';
      return rest.length === 0 ? directive : formatDirective(directive[1]!, rest.shift());
    });
    parts = rest;
    if (parts.length > 0) text += ' ';
  }
  return text + parts.map((value) => (typeof value === 'string' ? value : inspect(value))).join(' ');
}
