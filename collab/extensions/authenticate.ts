import type { Extension } from '@hocuspocus/server';
import type { ChannelContext } from '../gateway/channel.ts';

/** Default deny: a virtual connection opens only with the context that the gateway or the server gives it. */
export function authenticate(): Extension<ChannelContext> {
  return {
    extensionName: 'authenticate',
    async onAuthenticate({ context, connectionConfig }) {
      if (context.channel?.admission === undefined) throw new Error('not admitted by the gateway');
      connectionConfig.readOnly = context.channel.admission.access === 'read';
    },
  };
}
