import '../end-with-parent.ts';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';
import { openRooms, serve } from './serve.ts';

/** The floor: copies every binary frame to the others of the room, and knows nothing of documents. */
const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
const rooms = new Map<string, Set<WebSocket>>();

server.on('connection', (socket, request) => {
  const name = request.url ?? '/';
  const room = rooms.get(name) ?? new Set();
  rooms.set(name, room.add(socket));
  socket.on('message', (data) => {
    for (const other of room) if (other !== socket) other.send(data, { binary: true });
  });
  socket.on('error', () => {});
  socket.on('close', () => {
    room.delete(socket);
    if (room.size === 0) rooms.delete(name);
  });
});
await once(server, 'listening');
const { port } = server.address() as AddressInfo;

serve({
  rooms: openRooms('room', 'y-websocket', (name) => `ws://127.0.0.1:${port}/${name}`),
  close: () => server.close(),
});
