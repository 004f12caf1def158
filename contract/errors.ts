/**
 * Every error a caller can meet, by stable code. One table: HTTP renders it as RFC 9457 problem details, `docs/errors.md`
 * and the OpenAPI document are generated from it, and a test keeps the three equal.
 */
export const errorTable = {
  'validation-failed': { status: 400, title: 'The request does not have the expected shape' },
  'malformed-json': { status: 400, title: 'The body is not valid JSON' },
  'not-authenticated': { status: 401, title: 'Sign in first' },
  'invalid-credentials': { status: 401, title: 'E-mail or password is wrong' },
  'refresh-invalid': { status: 401, title: 'This refresh token is not valid any more; sign in again' },
  'refresh-reused': { status: 401, title: 'This refresh token was used before; the session was ended for safety' },
  forbidden: { status: 403, title: 'Your role does not allow this' },
  'origin-forbidden': { status: 403, title: 'This origin may not send cookies here' },
  'not-open-yet': { status: 403, title: 'The lesson has not opened yet' },
  'not-found': { status: 404, title: 'There is no such thing here' },
  'join-code-unknown': { status: 404, title: 'No classroom has this join code' },
  'method-not-allowed': { status: 405, title: 'This path does not answer that method' },
  'email-taken': { status: 409, title: 'An account with this e-mail exists' },
  'classroom-full': { status: 409, title: 'The classroom has reached its capacity' },
  'last-owner': { status: 409, title: 'A classroom keeps its owner' },
  'path-taken': { status: 409, title: 'A file with this path exists' },
  'file-required': { status: 409, title: 'A document keeps its main file' },
  'run-finished': { status: 409, title: 'The run has finished' },
  'payload-too-large': { status: 413, title: 'The body is too large' },
  'unsupported-media-type': { status: 415, title: 'Send JSON as application/json' },
  'source-too-large': { status: 422, title: 'The source is too large to run' },
  'unsupported-language': { status: 422, title: 'No worker offers this language' },
  'forbidden-code': { status: 422, title: 'The classroom does not allow this code' },
  'too-many-requests': { status: 429, title: 'Too many requests; wait a little' },
  'too-many-runs': { status: 429, title: 'Too many of your runs are waiting' },
  'internal-error': { status: 500, title: 'Something went wrong on our side' },
  'no-worker': { status: 503, title: 'No worker offers this language right now' },
  unavailable: { status: 503, title: 'A part of the service is away; try again' },
  draining: { status: 503, title: 'The server is restarting; try again' },
} as const satisfies Record<string, { status: number; title: string }>;

export type ErrorCode = keyof typeof errorTable;

export type FieldError = { path: string; message: string };

/** The one error that is meant for the caller. Anything else thrown is a defect and becomes `internal-error`. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly detail: string;
  readonly errors: FieldError[] | undefined;
  readonly retryAfterSeconds: number | undefined;

  /** `detail` tells the person what to do; it is shown to them as it is. */
  constructor(
    code: ErrorCode,
    detail?: string,
    options: { cause?: unknown; errors?: FieldError[]; retryAfterSeconds?: number } = {},
  ) {
    super(`${code}: ${detail ?? errorTable[code].title}`, { cause: options.cause });
    this.name = 'AppError';
    this.code = code;
    this.detail = detail ?? errorTable[code].title;
    this.errors = options.errors;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }

  get status(): number {
    return errorTable[this.code].status;
  }
}
