import '../end-with-parent.ts';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { createRequire } from 'node:module';
import { openRooms, serve } from './serve.ts';

/** The classic server of y-websocket 1.5.4 as published: `bin/server.js`, which takes its port from the environment. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

const port = await freePort();
Object.assign(process.env, { HOST: '127.0.0.1', PORT: String(port) });
// By its path: the package does not export it, it is started as a program.
createRequire(import.meta.url)('../peers/node_modules/y-websocket/bin/server.js');

serve({
  rooms: openRooms('room', 'y-websocket', (name) => `ws://127.0.0.1:${port}/${name}`),
  close: () => {},
});
