import { format } from './format.ts';
import { inspect, widthOf } from './inspect.ts';
import { host } from './host.ts';
import { write } from './output.ts';

let indentation = '';
const counts = new Map<string, number>();
const started = new Map<string, number>();

function print(name: 'stdout' | 'stderr', values: unknown[]): void {
  const [first] = values;
  const text = values.length === 1 && typeof first === 'string' ? first : format(...values);
  write(name, `${indentation === '' ? text : indentation + text.replaceAll('\n', `\n${indentation}`)}\n`);
}

const log = (...values: unknown[]) => print('stdout', values);
const error = (...values: unknown[]) => print('stderr', values);

function elapsed(label: string): string {
  const ms = host.now() - (started.get(label) ?? 0);
  return `${label}: ${ms >= 1000 ? `${(ms / 1000).toFixed(3)}s` : `${ms.toFixed(3)}ms`}`;
}

/** Rows and columns in a frame, as Node draws them. */
function table(data: unknown, columns?: string[]): void {
  if (typeof data !== 'object' || data === null) return log(data);
  const rows = Object.entries(data as Record<string, unknown>);
  const names = new Set<string>();
  let plain = false;
  for (const [, row] of rows) {
    if (typeof row === 'object' && row !== null) Object.keys(row).forEach((name) => names.add(name));
    else plain = true;
  }
  const shown = columns ?? [...names];
  const head = ['(index)', ...shown, ...(plain && columns === undefined ? ['Values'] : [])];
  const body = rows.map(([index, row]) => {
    const isObject = typeof row === 'object' && row !== null;
    const cells = shown.map((name) =>
      isObject && Object.hasOwn(row, name) ? inspect((row as Record<string, unknown>)[name], { depth: 0 }) : '',
    );
    return [index, ...cells, ...(head.length > cells.length + 1 ? [isObject ? '' : inspect(row)] : [])];
  });
  const widths = head.map((_, column) => Math.max(...[head, ...body].map((row) => widthOf(row[column]!))) + 2);
  const rule = (left: string, middle: string, right: string) =>
    left + widths.map((width) => '─'.repeat(width)).join(middle) + right;
  const line = (row: string[]) =>
    `│${row.map((cell, column) => ` ${cell}${' '.repeat(widths[column]! - widthOf(cell) - 1)}`).join('│')}│`;
  log([rule('┌', '┬', '┐'), line(head), rule('├', '┼', '┤'), ...body.map(line), rule('└', '┴', '┘')].join('\n'));
}

export const console = {
  log,
  info: log,
  debug: log,
  error,
  warn: error,
  table,
  dir: (value: unknown, options?: { depth?: number | null }) => log(inspect(value, options)),
  trace: (...values: unknown[]) => error(`Trace: ${format(...values)}\n${new Error('trace').stack ?? ''}`.trimEnd()),
  assert(condition: unknown, ...values: unknown[]): void {
    if (condition) return;
    if (typeof values[0] === 'string') error(`Assertion failed: ${values[0]}`, ...values.slice(1));
    else error(`Assertion failed${values.length > 0 ? ':' : ''}`, ...values);
  },
  group(...values: unknown[]): void {
    if (values.length > 0) log(...values);
    indentation += '  ';
  },
  groupEnd(): void {
    indentation = indentation.slice(2);
  },
  count(label = 'default'): void {
    counts.set(label, (counts.get(label) ?? 0) + 1);
    log(`${label}: ${counts.get(label)}`);
  },
  countReset: (label = 'default') => void counts.delete(label),
  time: (label = 'default') => void started.set(label, host.now()),
  timeLog: (label = 'default', ...values: unknown[]) => log(elapsed(label), ...values),
  timeEnd(label = 'default'): void {
    log(elapsed(label));
    started.delete(label);
  },
};

export default console;
