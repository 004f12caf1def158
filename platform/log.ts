import { pino, type Logger } from 'pino';

export type Log = Logger;

/** Fields that may hold a secret or somebody's text: never written, wherever they stand in a log line. */
const secretFields = [
  'password',
  'currentPassword',
  'newPassword',
  'token',
  'accessToken',
  'refreshToken',
  'authorization',
  'cookie',
  'set-cookie',
  'secret',
  'code',
  'content',
  'text',
  'stdin',
  'stdout',
  'stderr',
  'files',
];

const redactPaths = secretFields.flatMap((field) => {
  const key = field.includes('-') ? `["${field}"]` : field;
  const nested = field.includes('-') ? `*["${field}"]` : `*.${field}`;
  const deeper = field.includes('-') ? `*.*["${field}"]` : `*.*.${field}`;
  return [key, nested, deeper];
});

/** A JSON logger on standard error; standard output belongs to the start-up table. `level` is pino's. */
export function createLog(options: { level: string; destination?: NodeJS.WritableStream }): Log {
  return pino(
    {
      level: options.level,
      base: undefined,
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: { paths: redactPaths, censor: '[redacted]' },
      // An error's `code` is a name, not a secret, and is what one searches for.
      serializers: { error: serializeError, err: serializeError },
    },
    options.destination ?? pino.destination(2),
  );
}

function serializeError(error: unknown): unknown {
  if (!(error instanceof Error)) return String(error);
  const { name, message, stack, cause } = error;
  return { name, message, stack, ...(cause === undefined ? {} : { cause: serializeError(cause) }) };
}
