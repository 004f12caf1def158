/**
 * Why a document socket was closed. Stock y-websocket 3.1 stops for good at 4400–4499 and retries after everything else,
 * so the number is an instruction to the client: see contract §3.
 */
export const closeCodes = {
  restarting: { code: 1012, reason: 'server restarting', client: 'retries' },
  malformed: { code: 1008, reason: 'malformed or forbidden frame', client: 'retries' },
  frameTooLarge: { code: 1009, reason: 'frame too large', client: 'retries' },
  tooSlow: { code: 1013, reason: 'reader too slow', client: 'retries' },
  accessChanged: { code: 4205, reason: 'access changed: reconnect', client: 'retries' },
  unauthorized: { code: 4401, reason: 'token missing, bad, or its session revoked', client: 'stops' },
  forbidden: { code: 4403, reason: 'not allowed, removed, banned', client: 'stops' },
  notFound: { code: 4404, reason: 'no such document', client: 'stops' },
  discardState: { code: 4409, reason: 'discard local state, start a fresh Y.Doc', client: 'stops' },
  tooLarge: { code: 4413, reason: 'this update would pass a size limit', client: 'stops' },
  cannotLoad: { code: 4500, reason: 'cannot load now', client: 'retries' },
  idle: { code: 4508, reason: 'idle time-out', client: 'retries' },
} as const satisfies Record<string, { code: number; reason: string; client: 'stops' | 'retries' }>;

export type CloseReason = keyof typeof closeCodes;
