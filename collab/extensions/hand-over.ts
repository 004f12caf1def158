import type { Extension } from '@hocuspocus/server';
import type { ChannelContext } from '../gateway/channel.ts';

/** The document is ready and this reader is registered: the gateway may now answer the frames that waited. */
export function handOver(): Extension<ChannelContext> {
  return {
    extensionName: 'hand-over',
    async connected({ context, connection }) {
      context.channel?.opened(connection, connection.document);
    },
  };
}
