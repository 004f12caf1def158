import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface TcpProxy {
  readonly port: number;
  /** Breaks every connection and refuses new ones, as a server that has stopped. */
  cut(): Promise<void>;
  /** Keeps every connection open but carries nothing, as a network that swallows packets. New ones connect as well. */
  freeze(): void;
  /** Carries again what comes on new connections; those from before are broken. */
  restore(): Promise<void>;
  close(): Promise<void>;
}

/** A TCP proxy in front of a server, for outages that begin and end when a test says so. */
export async function openTcpProxy(target: { host: string; port: number }): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let frozen = false;

  const server = createServer((downstream) => {
    const upstream = connect(target);
    for (const [socket, other] of [
      [downstream, upstream],
      [upstream, downstream],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
      if (!frozen) socket.pipe(other);
    }
  });

  const listen = async (port: number) => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  };
  const breakAll = () => {
    for (const socket of sockets) socket.destroy();
  };
  const cut = async () => {
    const closed = server.listening ? once(server, 'close') : undefined;
    server.close();
    breakAll();
    await closed;
  };

  await listen(0);
  const { port } = server.address() as AddressInfo;
  return {
    port,
    cut,
    freeze() {
      frozen = true;
      for (const socket of sockets) socket.unpipe();
    },
    async restore() {
      frozen = false;
      breakAll();
      if (!server.listening) await listen(port);
    },
    close: cut,
  };
}
