/** Limits of document sockets, which an installation may change by `DOCUMENT_LIMITS`. Bytes, milliseconds, counts. */
export const documentLimits = {
  frameBytes: 4 * 1024 * 1024,
  documentBytes: 8 * 1024 * 1024,
  studentAddsBytes: 1024 * 1024,
  pendingBytes: 256 * 1024,
  updateStructs: 20_000,
  updateDeletions: 200_000,
  awarenessStateBytes: 16 * 1024,
  personFramesPerSecond: 500,
  personBytesPerSecond: 2 * 1024 * 1024,
  authenticateWithinMs: 10_000,
  journalBytes: 64 * 1024 * 1024,
  sleepAfterMs: 30_000,
} as const;
export type DocumentLimits = { readonly [Name in keyof typeof documentLimits]: number };

/** Limits that clients meet. Bytes, milliseconds, counts; each is listed with its error in `docs/limits.md`. */
export const limits = {
  ...documentLimits,
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
