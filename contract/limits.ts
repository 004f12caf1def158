/** Limits that clients meet. Bytes, milliseconds, counts; each is listed with its error in `docs/limits.md`. */
export const limits = {
  frameBytes: 4 * 1024 * 1024,
  documentBytes: 8 * 1024 * 1024,
  studentAddsBytes: 1024 * 1024,
  pendingBytes: 256 * 1024,
  awarenessStateBytes: 16 * 1024,
  authenticateWithinMs: 10_000,
  jsonBodyBytes: 1024 * 1024,
  fileTextChars: 256 * 1024,
  filesPerDocument: 50,
  sourceBytes: 256 * 1024,
  stdinBytes: 64 * 1024,
  runOutputBytes: 1024 * 1024,
  awarenessTailBytes: 1024,
  runsWaitingPerPerson: 10,
  preferWaitSeconds: 30,
} as const;
