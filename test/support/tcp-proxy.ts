import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { createWay, type Way } from './proxy-way.ts';
import { createRandom } from './random.ts';

export interface TcpProxy {
  readonly port: number;
  /** From the client to the server. */
  readonly up: Way;
  /** From the server to the client. */
  readonly down: Way;
  /** Breaks every connection and refuses new ones, as a server that has stopped. */
  cut(): Promise<void>;
  /** Breaks every connection; new ones are welcome. */
  breakAll(): void;
  /** Keeps every connection open but carries nothing, as a network that swallows packets. New ones connect as well. */
  freeze(): void;
  /** Carries again what comes on new connections; those from before are broken. */
  restore(): Promise<void>;
  close(): Promise<void>;
}

/**
 * A TCP proxy in front of a server, for outages and bad networks that begin and end when a test says so. Needs no
 * privileges. `seed` makes the jitter of delays come again.
 */
export async function openTcpProxy(target: { host: string; port: number }, seed = 1): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  const random = createRandom(seed);
  const up = createWay(random);
  const down = createWay(random);

  const server = createServer((downstream) => {
    const upstream = connect(target);
    for (const socket of [downstream, upstream]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      // 'close' follows, and says the same.
      socket.on('error', () => {});
      socket.on('close', () => sockets.delete(socket));
    }
    up.carry(downstream, upstream);
    down.carry(upstream, downstream);
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
    up,
    down,
    cut,
    breakAll,
    freeze() {
      up.pause();
      down.pause();
    },
    async restore() {
      breakAll();
      up.calm();
      down.calm();
      if (!server.listening) await listen(port);
    },
    close: cut,
  };
}
