import type { FieldError } from '#contract/errors.ts';
import { problemSchema } from '#contract/api/common.ts';

/** A refusal by the server (RFC 9457 problem details), or `network` when no answer came. */
export class ApiError extends Error {
  readonly code: string;
  readonly status: number;
  readonly fields: FieldError[];

  constructor(code: string, status: number, detail: string, fields: FieldError[] = []) {
    super(detail);
    this.name = 'ApiError';
    this.code = code;
    this.status = status;
    this.fields = fields;
  }

  /** Whether the same request may succeed a little later. */
  get mayPass(): boolean {
    return this.code === 'network' || this.status >= 500 || this.status === 429;
  }
}

export async function readProblem(response: Response): Promise<ApiError> {
  const body: unknown = await response.json().catch(() => undefined);
  const problem = problemSchema.safeParse(body);
  if (!problem.success) return new ApiError('unreadable', response.status, response.statusText);
  const { code, detail, errors } = problem.data;
  return new ApiError(code, response.status, detail, errors ?? []);
}
