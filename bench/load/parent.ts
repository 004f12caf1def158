import type { Memory, Rooms, RoomsWanted, Usage } from '../messages.ts';
import type { Rpc } from '../rpc.ts';

/** What the load process asks of the server it loads, by way of the bench. */
export type Server = {
  rooms(wanted: RoomsWanted): Promise<Rooms>;
  usage(): Promise<Usage>;
  memory(): Promise<Memory>;
};

export function askServer(rpc: Rpc): Server {
  return {
    rooms: (wanted) => rpc.ask<Rooms>('rooms', wanted, 60_000),
    usage: () => rpc.ask<Usage>('usage'),
    memory: () => rpc.ask<Memory>('memory'),
  };
}
