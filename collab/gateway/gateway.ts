import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Socket } from 'node:net';
import * as decoding from 'lib0/decoding';
import { WebSocketServer } from 'ws';
import { closeCodes, type CloseReason } from '#contract/close-codes.ts';
import { Channel, type ChannelDeps } from './channel.ts';
import { ClientSocket } from './client-socket.ts';
import { createHocuspocusDialect, createYWebsocketDialect, frameFor } from './dialect.ts';
import { closeWithinMs, DocumentSocket } from './document-socket.ts';
import { createOversizes } from './oversizes.ts';
import { messageType } from './wire.ts';

export interface Gateway {
  /** Takes an HTTP upgrade. Returns false when the path is not one of ours. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean;
  channels(): Iterable<Channel>;
  /** Ends what is dead and asks who is quiet; call it every second or so. */
  tick(): void;
  /** Takes no more sockets and closes all with 1012; resolves when they have gone. */
  drain(): Promise<void>;
}

const maxDocumentsPerSocket = 50;
/** How long a Hocuspocus client that was just closed for good is refused by name when it comes back by itself. */
const refuseAgainMs = 10_000;

type GatewayDeps = ChannelDeps & { allowedOrigins: readonly string[]; now: () => number };

/**
 * The door for documents: it owns the sockets of both endpoints, `/collab/<name>?token=` (stock y-websocket) and
 * `/hocuspocus` (stock HocuspocusProvider). A socket is always accepted first and then closed with a number of the
 * close-code table, because a browser shows a refused handshake as 1006, and the stock client would retry for ever.
 */
export function createGateway(deps: GatewayDeps): Gateway {
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: deps.limits.frameBytes,
    perMessageDeflate: false,
    WebSocket: DocumentSocket,
  });
  const sockets = new Set<ClientSocket>();
  const oversizes = createOversizes(deps);
  const channels = new Set<Channel>();
  const refused = new Map<string, { reason: CloseReason; until: number }>();
  let draining = false;

  function openChannel(
    options: Omit<ConstructorParameters<typeof Channel>[1], 'ended'> & { ended?: () => void },
  ): Channel {
    const channel: Channel = new Channel(deps, {
      ...options,
      ended: () => {
        channels.delete(channel);
        options.ended?.();
      },
    });
    channels.add(channel);
    return channel;
  }

  /** `open` are the documents on the socket. */
  function serve(
    ws: DocumentSocket,
    connection: Socket,
    handlers: { open: () => Iterable<Channel>; frame: (frame: Uint8Array) => void; closed?: () => void },
  ): ClientSocket {
    const socket = new ClientSocket(
      ws,
      connection,
      {
        frame: handlers.frame,
        caughtUp() {
          for (const channel of handlers.open()) channel.caughtUp();
        },
        closed() {
          sockets.delete(socket);
          handlers.closed?.();
          for (const channel of [...handlers.open()]) channel.end();
        },
      },
      deps,
    );
    ws.frameTooLarge = () => {
      const reason = oversizes.add([...handlers.open()]);
      deps.meter.closed(reason);
      return reason;
    };
    sockets.add(socket);
    return socket;
  }

  function serveYWebsocket(ws: DocumentSocket, connection: Socket, name: string, query: URLSearchParams): void {
    const socket = serve(ws, connection, { open: () => [channel], frame: (frame) => channel.receive(frame) });
    const dialect = createYWebsocketDialect({
      acks: query.get('acks') === '1',
      send: (bodies) => socket.writeAll(bodies.map((body) => frameFor(dialect, body))),
    });
    const channel: Channel = openChannel({ document: name, socket, dialect });
    void channel.open(query.get('token') ?? '');
  }

  function serveHocuspocus(ws: DocumentSocket, connection: Socket): void {
    const byAddress = new Map<string, Channel>();
    const socket = serve(ws, connection, {
      open: () => byAddress.values(),
      frame: receive,
      closed: () => clearTimeout(deadline),
    });
    const deadline = setTimeout(() => {
      if (byAddress.size === 0) socket.close('unauthorized');
    }, deps.limits.authenticateWithinMs);

    function receive(frame: Uint8Array): void {
      try {
        dispatch(frame);
      } catch {
        socket.close('malformed');
      }
    }

    function dispatch(frame: Uint8Array): void {
      // The connection's own ping and pong have no address.
      if (frame.length === 1 && (frame[0] === messageType.ping || frame[0] === messageType.pong)) return;
      const decoder = decoding.createDecoder(frame);
      const address = decoding.readVarString(decoder);
      const rest = frame.subarray(decoder.pos);
      const channel = byAddress.get(address);
      if (channel !== undefined) return channel.receive(rest);
      // Frames behind a refusal may still arrive; only a token opens a document.
      if (decoding.readVarUint(decoder) !== messageType.auth) return;
      decoding.readVarUint(decoder);
      open(address, decoding.readVarString(decoder));
    }

    function open(address: string, token: string): void {
      if (byAddress.size >= maxDocumentsPerSocket) return socket.close('malformed');
      const [document = ''] = address.split('\0', 1);
      const dialect = createHocuspocusDialect({
        address,
        send: (bodies) => socket.writeAll(bodies.map((body) => frameFor(dialect, body))),
        closed(reason) {
          const key = `${document} ${token}`;
          if (reason === 'discardState' || reason === 'tooLarge')
            refused.set(key, { reason, until: Date.now() + refuseAgainMs });
        },
      });
      const again = refuseAgain(`${document} ${token}`);
      if (again !== undefined) return socket.write(frameFor(dialect, dialect.refusal(again)!));
      const channel = openChannel({
        document,
        socket,
        dialect,
        ended: () => {
          if (byAddress.get(address) === channel) byAddress.delete(address);
        },
      });
      byAddress.set(address, channel);
      void channel.open(token);
    }
  }

  /**
   * This protocol closes whole sockets, so the client comes back once; then it is told by name and stops. Other reasons
   * are found again when it is judged.
   */
  function refuseAgain(key: string): CloseReason | undefined {
    const entry = refused.get(key);
    refused.delete(key);
    for (const [other, { until }] of refused) if (until < Date.now()) refused.delete(other);
    return entry !== undefined && entry.until >= Date.now() ? entry.reason : undefined;
  }

  function route(request: IncomingMessage): ((ws: DocumentSocket, connection: Socket) => void) | undefined {
    const url = URL.parse(request.url ?? '/', 'http://collab.invalid');
    if (url === null) return undefined;
    if (url.pathname === '/hocuspocus') return serveHocuspocus;
    if (url.pathname !== '/collab' && !url.pathname.startsWith('/collab/')) return undefined;
    const name = decodeName(url.pathname.slice('/collab/'.length));
    return (ws, connection) => serveYWebsocket(ws, connection, name, url.searchParams);
  }

  return {
    upgrade(request, socket, head) {
      const serveRoute = route(request);
      if (serveRoute === undefined) return false;
      const { origin } = request.headers;
      if (origin !== undefined && !deps.allowedOrigins.includes(origin)) return reject(socket, '403 Forbidden');
      if (draining) return reject(socket, '503 Service Unavailable');
      server.handleUpgrade(request, socket, head, (ws) => serveRoute(ws, socket as Socket));
      return true;
    },
    channels: () => channels,
    tick() {
      const now = deps.now();
      for (const socket of sockets) socket.tick(now);
      oversizes.sweep();
      deps.budgets.sweep();
      deps.strikes.sweep();
    },
    async drain() {
      draining = true;
      const gone = [...server.clients].map(
        (ws) => new Promise<void>((resolve) => void ws.once('close', () => resolve())),
      );
      for (const channel of [...channels]) channel.close('restarting');
      const { code, reason } = closeCodes.restarting;
      for (const ws of server.clients) ws.close(code, reason);
      const late = setTimeout(() => {
        for (const ws of server.clients) ws.terminate();
      }, closeWithinMs);
      await Promise.all(gone);
      clearTimeout(late);
    },
  };
}

/** A name that cannot be decoded is outside the grammar like any other: it is opened and closed with 4404. */
function decodeName(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return '';
  }
}

function reject(socket: Duplex, status: string): true {
  socket.on('error', () => {});
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  return true;
}
