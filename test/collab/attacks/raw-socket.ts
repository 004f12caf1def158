import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { waitFor } from '../../support/wait-for.ts';
import { addressed, authToken, read, step1, type Heard } from './frames.ts';

/** A socket of our own on the y-websocket endpoint, for what no stock client would send, and for many light clients. */
export type RawSocket = {
  ws: WebSocket;
  /** The document its frames are addressed to, on the Hocuspocus endpoint. */
  address: string | undefined;
  /** What has been heard, oldest first, unless it was opened with `deaf`. */
  heard: Heard[];
  /** The number it was closed with; undefined while it is open. */
  readonly closed: number | undefined;
  send(...frames: (Uint8Array | string)[]): void;
  /** Waits for the end and gives its number. */
  closing(withinMs?: number): Promise<number>;
  /**
   * Asks for the document and waits for the answer, as a stock client does when it joins: one or more updates. A deaf
   * socket keeps nothing of it.
   */
  join(withinMs?: number): Promise<Uint8Array[]>;
  /** Waits until the socket has either been closed or answered what was sent before; gives the number of the close. */
  settled(withinMs?: number): Promise<number | undefined>;
};

const living = new Set<WebSocket>();

/** Ends every raw socket: for `afterEach`. */
export function dropRawSockets(): void {
  for (const ws of living) ws.terminate();
}

type Options = {
  /** On the Hocuspocus endpoint: the name of the document all frames are addressed to. */
  hocuspocus?: { name: string; token: string };
  headers?: Record<string, string>;
  /** Keeps nothing of what it hears. */
  deaf?: boolean;
};

export function rawUrl(wsUrl: string, name: string, token: string, query = ''): string {
  return `${wsUrl}/collab/${encodeURIComponent(name)}?token=${token}${query}`;
}

/** Opens a socket at `url`; rejects when the upgrade is refused. */
export async function openRaw(url: string, options: Options = {}): Promise<RawSocket> {
  const ws = new WebSocket(url, { headers: options.headers ?? {}, perMessageDeflate: false });
  const { hocuspocus } = options;
  const heard: Heard[] = [];
  let closed: number | undefined;
  let questions = 0;
  living.add(ws);
  ws.on('close', (code) => {
    closed = code;
    living.delete(ws);
  });
  ws.on('message', (data) => {
    const frame = new Uint8Array(data as Buffer);
    // The cheapest look that tells a question on the y-websocket endpoint: type sync, step 1.
    if (options.deaf === true) {
      if (frame[0] === 0 && frame[1] === 0) questions += 1;
      return;
    }
    let said: Heard;
    try {
      said = read(frame, { withAddress: hocuspocus !== undefined });
    } catch {
      // The connection's own frames have no address.
      return;
    }
    if (said.type === 'step1') questions += 1;
    heard.push(said);
  });
  const opened = new Promise<void>((resolve, reject) => {
    ws.on('open', resolve);
    ws.on('error', reject);
  });
  await opened;
  const to = (frame: Uint8Array) => (hocuspocus === undefined ? frame : addressed(hocuspocus.name, frame));
  const socket: RawSocket = {
    ws,
    address: hocuspocus?.name,
    heard,
    get closed() {
      return closed;
    },
    send(...frames) {
      for (const frame of frames) ws.send(typeof frame === 'string' ? frame : to(frame), () => {});
    },
    async closing(withinMs = 5_000) {
      return waitFor(() => closed, { withinMs, what: 'the socket to be closed' });
    },
    async join(withinMs = 5_000) {
      if (hocuspocus !== undefined) socket.send(authToken(hocuspocus.token));
      const [earlier, from] = [questions, heard.length];
      socket.send(step1());
      // The server's own question ends its answer.
      await waitFor(
        () => {
          if (closed !== undefined) throw new Error(`closed with ${closed} instead of an answer`);
          const refusal = heard.find((each) => each.type === 'refused');
          if (refusal !== undefined) throw new Error(`refused: ${JSON.stringify(refusal)}`);
          return questions > earlier;
        },
        { withinMs, what: 'the answer to sync step 1' },
      );
      return heard
        .slice(from)
        .flatMap((each) => (each.type === 'step2' || each.type === 'update' ? [each.payload] : []));
    },
    async settled(withinMs = 5_000) {
      const earlier = questions;
      socket.send(step1());
      await waitFor(() => closed !== undefined || questions > earlier, { withinMs, what: 'an answer or the end' });
      return closed;
    },
  };
  return socket;
}

/** Opens and joins on either endpoint. */
export async function joinRaw(
  wsUrl: string,
  name: string,
  token: string,
  options: { hocuspocus?: boolean; acks?: boolean; deaf?: boolean } = {},
): Promise<RawSocket> {
  const socket =
    options.hocuspocus === true
      ? await openRaw(`${wsUrl}/hocuspocus`, { hocuspocus: { name, token }, deaf: options.deaf === true })
      : await openRaw(rawUrl(wsUrl, name, token, options.acks === true ? '&acks=1' : ''), {
          deaf: options.deaf === true,
        });
  await socket.join(10_000);
  return socket;
}

/** Sends whole frames as they are, a few per turn: this process has other clients to listen to. */
export async function pour(socket: RawSocket, frames: Iterable<Uint8Array>, perTurn = 50): Promise<void> {
  let count = 0;
  for (const frame of frames) {
    if (socket.closed !== undefined) return;
    socket.ws.send(frame, () => {});
    count += 1;
    if (count % perTurn === 0) await delay(1);
  }
}
