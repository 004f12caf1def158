import type { IncomingMessage, ServerResponse } from 'node:http';

/** A signal that aborts when the client goes away, or went, before it had its answer; or once it has it. */
export function clientGone(req: IncomingMessage, res: ServerResponse): AbortSignal {
  const gone = new AbortController();
  if (req.socket.destroyed) gone.abort();
  res.once('close', () => gone.abort());
  return gone.signal;
}
