import { type Bindings, type ChildLoggerOptions, type Logger, pino } from 'pino';

export type Log = Logger;

/** Fields that may hold a secret or somebody's text: never written, however deep they stand in a log line. */
const secretFields = new Set([
  'password',
  'currentpassword',
  'newpassword',
  'password_hash',
  'token',
  'accesstoken',
  'refreshtoken',
  'authorization',
  'cookie',
  'set-cookie',
  'secret',
  'jwtsecret',
  'code',
  'content',
  'text',
  'stdin',
  'stdout',
  'stderr',
  'files',
]);

const censor = '[redacted]';

/** Secrets inside of other text: passwords of connection URLs, tokens in queries, JSON Web Tokens anywhere. */
const secretTexts: [RegExp, string][] = [
  [/\b([a-z][a-z0-9+.-]*:\/\/[^\s:/?#@]*:)[^\s/?#@]+@/gi, `$1${censor}@`],
  [/([?&](?:token|code|state|key|secret|signature)=)[^\s&#"']+/gi, `$1${censor}`],
  [/\beyJ[\w-]{8,}\.[\w-]+\.[\w-]+/g, censor],
];

/** Deeper than any of our own log lines; a ring of objects ends here too. */
const maxDepth = 6;

/** A JSON logger on standard error; standard output belongs to the start-up table. `level` is pino's. */
export function createLog(options: { level: string; destination?: NodeJS.WritableStream }): Log {
  const log = pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { log: withoutSecrets },
    },
    options.destination ?? pino.destination(2),
  );
  const child: (this: Log, bindings: Bindings, childOptions?: ChildLoggerOptions) => Log = log.child;
  // pino formats the fields of a line, but not those that a child logger adds to each of its lines.
  return Object.assign(log, {
    child(this: Log, bindings: Bindings, childOptions?: ChildLoggerOptions) {
      return child.call(this, withoutSecrets(bindings), childOptions);
    },
  });
}

/**
 * The fields of a log line as they may be written. pino's own `redact` knows paths of a fixed depth only; a request's
 * headers or a list of jobs put the same names somewhere else.
 */
function withoutSecrets(fields: Record<string, unknown>): Record<string, unknown> {
  return redactFields(fields, 0);
}

function redactFields(fields: object, depth: number): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      value !== undefined && value !== null && secretFields.has(name.toLowerCase()) ? censor : redact(value, depth + 1),
    ]),
  );
}

function redact(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return redactText(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Error) return describeError(value, depth);
  // Bytes of a document or a file: how many is all that may be known.
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (depth > maxDepth) return '[deep]';
  if (Array.isArray(value)) return value.map((item) => redact(item, depth + 1));
  if ('toJSON' in value && typeof value.toJSON === 'function') return redact(value.toJSON() as unknown, depth + 1);
  return redactFields(value, depth);
}

/** An error's `code` is a name, not a secret, and is what one searches for. */
function describeError(error: Error, depth: number): object {
  const { name, message, stack, cause } = error;
  const code =
    'code' in error && (typeof error.code === 'string' || typeof error.code === 'number') ? error.code : undefined;
  return {
    name,
    code,
    message: redactText(message),
    stack: stack && redactText(stack),
    cause: depth > maxDepth ? undefined : redact(cause, depth + 1),
  };
}

function redactText(text: string): string {
  return secretTexts.reduce((result, [pattern, replacement]) => result.replace(pattern, replacement), text);
}
