import { host } from './host.ts';

/*
 * How values look in `console.log`: the layout of Node's util.inspect with its default options (depth 2, 80 columns,
 * three levels on one line, arrays of short entries in columns). A test compares the two.
 */
type Context = {
  seen: object[];
  circular: Map<object, number>;
  indentation: number;
  currentDepth: number;
  depth: number;
};

const breakLength = 80;
const compact = 3;
const maxItems = 100;
const maxFrames = 10;
const maxText = 10_000;

const escapes: Record<string, string> = {
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\f': '\\f',
  '\r': '\\r',
  '\\': '\\\\',
};

function quote(text: string): string {
  const mark = !text.includes("'") ? "'" : !text.includes('"') ? '"' : !text.includes('`') ? '`' : "'";
  const body = text.replace(/[\u0000-\u001f\u007f-\u009f\\]/g, (char) => {
    const code = char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0');
    return escapes[char] ?? `\\x${code}`;
  });
  return mark + (mark === "'" ? body.replaceAll("'", "\\'") : body) + mark;
}

function formatPrimitive(value: unknown): string {
  if (typeof value === 'string') {
    if (value.length <= maxText) return quote(value);
    const rest = value.length - maxText;
    return `${quote(value.slice(0, maxText))}... ${rest} more character${rest > 1 ? 's' : ''}`;
  }
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'symbol') return value.toString();
  return Object.is(value, -0) ? '-0' : String(value);
}

function className(value: object): string | null {
  for (let object: object | null = value; object !== null; object = Object.getPrototypeOf(object) as object | null) {
    const own = Object.getOwnPropertyDescriptor(object, 'constructor');
    if (typeof own?.value === 'function' && own.value.name !== '' && value instanceof own.value) return own.value.name;
  }
  return null;
}

function tagOf(value: object, name: string | null): string {
  const tag = (value as { [Symbol.toStringTag]?: unknown })[Symbol.toStringTag];
  return typeof tag === 'string' && tag !== '' && tag !== name ? ` [${tag}]` : '';
}

const typeOf = (value: object) => Object.prototype.toString.call(value).slice(8, -1);

function prefix(value: object, fallback: string, size = ''): string {
  const name = className(value);
  if (name === null) return `[${fallback}${size}: null prototype]${tagOf(value, fallback)} `;
  return `${name}${size}${tagOf(value, name)} `;
}

function functionBase(value: { name: unknown }): string {
  const text = Function.prototype.toString.call(value);
  const name = typeof value.name === 'string' && value.name !== '' ? value.name : '';
  if (/^class\b/.test(text)) {
    const parent = Object.getPrototypeOf(value) as { name?: string } | null;
    return `[class ${name || '(anonymous)'}${parent?.name ? ` extends ${parent.name}` : ''}]`;
  }
  const kind = className(value) ?? 'Function';
  return name === '' ? `[${kind} (anonymous)]` : `[${kind}: ${name}]`;
}

/** An error as it is shown: its name and message, then where it came from. */
export function errorText(error: Error): string {
  const frames = typeof error.stack === 'string' ? host.original(error.stack).trimEnd().split('\n') : [];
  const stack = frames.slice(0, maxFrames).join('\n');
  let head: string;
  try {
    head = Error.prototype.toString.call(error);
  } catch {
    head = 'Error';
  }
  if (stack.startsWith(head)) return stack;
  return stack === '' ? `[${head}]` : `${head}\n${stack}`;
}

function ownKeys(value: object): PropertyKey[] {
  const symbols = Object.getOwnPropertySymbols(value).filter((key) =>
    Object.prototype.propertyIsEnumerable.call(value, key),
  );
  return [...Object.keys(value), ...symbols];
}

function formatKey(key: PropertyKey): string {
  if (typeof key === 'symbol') return key.toString();
  return /^[a-zA-Z_][a-zA-Z_0-9]*$/.test(String(key)) ? String(key) : quote(String(key));
}

function formatProperty(context: Context, value: object, key: PropertyKey, level: number, inArray = false): string {
  const own = Object.getOwnPropertyDescriptor(value, key) ?? {
    value: (value as Record<PropertyKey, unknown>)[key],
    enumerable: true,
  };
  let text: string;
  if ('value' in own) {
    context.indentation += 2;
    text = formatValue(context, own.value, level);
    context.indentation -= 2;
  } else {
    text = own.get ? (own.set ? '[Getter/Setter]' : '[Getter]') : own.set ? '[Setter]' : 'undefined';
  }
  if (inArray) return text;
  return `${own.enumerable === false ? `[${String(key)}]` : formatKey(key)}: ${text}`;
}

function more(count: number): string {
  return `... ${count} more item${count > 1 ? 's' : ''}`;
}

function formatList(context: Context, value: ArrayLike<unknown> & object, level: number): string[] {
  const output: string[] = [];
  for (let index = 0; index < value.length; index += 1) {
    if (output.length >= maxItems) {
      output.push(more(value.length - index));
      break;
    }
    if (index in value) {
      output.push(formatProperty(context, value, index, level, true));
      continue;
    }
    let end = index;
    while (end + 1 < value.length && !(end + 1 in value)) end += 1;
    const count = end - index + 1;
    output.push(`<${count} empty item${count > 1 ? 's' : ''}>`);
    index = end;
  }
  return output;
}

function formatEntries(context: Context, entries: Iterable<unknown[]>, size: number, level: number): string[] {
  const output: string[] = [];
  context.indentation += 2;
  for (const entry of entries) {
    if (output.length >= maxItems) {
      output.push(more(size - maxItems));
      break;
    }
    output.push(entry.map((part) => formatValue(context, part, level)).join(' => '));
  }
  context.indentation -= 2;
  return output;
}

type Shape = {
  open: string;
  close: string;
  base?: string;
  size: number;
  entries: (level: number) => string[];
  keys: PropertyKey[];
  list?: boolean;
};

function shapeOf(context: Context, value: object): Shape {
  const keys = ownKeys(value);
  const plain = { open: '{', close: '}', size: 0, entries: () => [], keys };
  const sized = (name: string, size: number, entries: Shape['entries']): Shape => ({
    ...plain,
    open: `${name}{`,
    size,
    entries,
  });
  if (Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView))) {
    const items = value as ArrayLike<unknown> & object;
    const name =
      Array.isArray(value) && className(value) === 'Array' ? '' : prefix(value, 'Array', `(${items.length})`);
    return {
      open: `${name}[`,
      close: ']',
      size: items.length,
      entries: (level) => formatList(context, items, level),
      keys: keys.filter((key) => typeof key === 'symbol' || !/^(0|[1-9]\d*)$/.test(String(key))),
      list: true,
    };
  }
  if (value instanceof Map) {
    const { size } = value;
    return sized(prefix(value, 'Map', `(${size})`), size, (level) => formatEntries(context, value, size, level));
  }
  if (value instanceof Set) {
    const { size } = value;
    const entries = [...value].map((item) => [item]);
    return sized(prefix(value, 'Set', `(${size})`), size, (level) => formatEntries(context, entries, size, level));
  }
  if (typeof value === 'function') return { ...plain, base: functionBase(value) };
  if (value instanceof Error) return { ...plain, ...errorShape(context, value, keys) };
  if (value instanceof RegExp) return { ...plain, base: RegExp.prototype.toString.call(value) };
  if (value instanceof Date) {
    return { ...plain, base: Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString() };
  }
  if (value instanceof Promise) {
    return sized(prefix(value, 'Promise'), 1, (level) => [formatSettled(context, value, level)]);
  }
  if (value instanceof WeakMap || value instanceof WeakSet) {
    return sized(prefix(value, 'WeakSet'), 1, () => ['<items unknown>']);
  }
  if (value instanceof Number || value instanceof String || value instanceof Boolean) {
    const base = `[${typeOf(value)}: ${formatPrimitive(value.valueOf())}]`;
    return { ...plain, base, keys: keys.filter((key) => !(value instanceof String) || !/^\d+$/.test(String(key))) };
  }
  if (typeOf(value) === 'Arguments') return { ...plain, open: '[Arguments] {' };
  const name = className(value);
  if (name === 'Object' && tagOf(value, name) === '') return plain;
  return { ...plain, open: `${prefix(value, 'Object')}{` };
}

function formatSettled(context: Context, promise: Promise<unknown>, level: number): string {
  const state = host.promiseState(promise);
  if (state === 'pending') return '<pending>';
  const text = formatValue(context, host.promiseValue(promise), level);
  return state === 'rejected' ? `<rejected> ${text}` : text;
}

function errorShape(context: Context, error: Error, keys: PropertyKey[]): { base: string; keys: PropertyKey[] } {
  const shown = keys.filter(
    (key) => !['name', 'message', 'stack', 'fileName', 'lineNumber', 'columnNumber'].includes(String(key)),
  );
  for (const hidden of ['cause', 'errors']) {
    if (Object.hasOwn(error, hidden) && !shown.includes(hidden)) shown.push(hidden);
  }
  return { base: errorText(error).replaceAll('\n', `\n${' '.repeat(context.indentation)}`), keys: shown };
}

const wide = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/g;

/** Columns of a terminal: Hangul, kana and the like take two. */
export const widthOf = (text: string) => text.length + (text.match(wide)?.length ?? 0);

function inColumns(context: Context, output: string[], value: ArrayLike<unknown>): string[] {
  const count = value.length > maxItems ? output.length - 1 : output.length;
  const lengths = output.slice(0, count).map(widthOf);
  const total = lengths.reduce((sum, length) => sum + length + 2, 0);
  const longest = Math.max(...lengths);
  const widest = longest + 2;
  if (widest * 3 + context.indentation >= breakLength || (total / widest <= 5 && longest > 6)) return output;
  const bias = Math.max(widest - 3 - Math.sqrt(widest - total / output.length), 1);
  const columns = Math.min(
    Math.round(Math.sqrt(2.5 * bias * count) / bias),
    Math.floor((breakLength - context.indentation) / widest),
    compact * 4,
    15,
  );
  if (columns <= 1) return output;
  const widths = Array.from(
    { length: columns },
    (_, column) => Math.max(...lengths.filter((_length, index) => index % columns === column)) + 2,
  );
  const numbers = output.every((_text, index) => ['number', 'bigint'].includes(typeof value[index]));
  const lines: string[] = [];
  for (let start = 0; start < count; start += columns) {
    const row = output.slice(start, Math.min(start + columns, count));
    const cells = row.map((text, column) => {
      const last = column === row.length - 1;
      const width = widths[column]! + text.length - widthOf(text);
      if (numbers) return last ? text.padStart(width - 2) : `${text}, `.padStart(width);
      return last ? text : `${text}, `.padEnd(width);
    });
    lines.push(cells.join(''));
  }
  if (count < output.length) lines.push(output[count]!);
  return lines;
}

function layOut(context: Context, shape: Shape, output: string[], value: object, level: number): string {
  const base = shape.base === undefined ? '' : `${shape.base} `;
  let lines = output;
  if (shape.list && output.length > 6) lines = inColumns(context, output, value as ArrayLike<unknown>);
  if (context.currentDepth - level < compact && lines.length === output.length) {
    const start = 2 * output.length + context.indentation + shape.open.length + (shape.base?.length ?? 0) + 10;
    const total = output.reduce((sum, text) => sum + text.length, start);
    const joined = output.join(', ');
    if (total <= breakLength && !base.includes('\n') && !joined.includes('\n')) {
      return `${base}${shape.open} ${joined} ${shape.close}`;
    }
  }
  const indentation = `\n${' '.repeat(context.indentation)}`;
  return `${base}${shape.open}${indentation}  ${lines.join(`,${indentation}  `)}${indentation}${shape.close}`;
}

function formatValue(context: Context, value: unknown, level: number): string {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return formatPrimitive(value);
  const custom = (value as Record<symbol, unknown>)[Symbol.for('nodejs.util.inspect.custom')];
  if (typeof custom === 'function') {
    const shown: unknown = custom.call(value, context.depth - level, {}, inspect);
    if (shown !== value) return typeof shown === 'string' ? shown : formatValue(context, shown, level);
  }
  if (context.seen.includes(value)) {
    if (!context.circular.has(value)) context.circular.set(value, context.circular.size + 1);
    return `[Circular *${context.circular.get(value)}]`;
  }
  const shape = shapeOf(context, value);
  if (shape.size + shape.keys.length === 0) return shape.base ?? shape.open + shape.close;
  if (level > context.depth) {
    const name = className(value);
    return Array.isArray(value) ? '[Array]' : `[${name ?? 'Object: null prototype'}${tagOf(value, name)}]`;
  }
  context.seen.push(value);
  context.currentDepth = level;
  const entries = shape.entries(level + 1);
  const output = entries.concat(shape.keys.map((key) => formatProperty(context, value, key, level + 1)));
  context.seen.pop();
  const mark = context.circular.has(value) ? `<ref *${context.circular.get(value)}> ` : '';
  return layOut(
    context,
    { ...shape, [shape.base === undefined ? 'open' : 'base']: mark + (shape.base ?? shape.open) },
    output,
    value,
    level,
  );
}

export function inspect(value: unknown, options: { depth?: number | null } = {}): string {
  const depth = options.depth === null ? Infinity : (options.depth ?? 2);
  return formatValue({ seen: [], circular: new Map(), indentation: 0, currentDepth: 0, depth }, value, 0);
}
inspect.custom = Symbol.for('nodejs.util.inspect.custom');
