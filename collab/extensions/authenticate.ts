import type { Extension } from '@hocuspocus/server';

/** Default deny: sockets belong to the gateway, and nothing else may come in by Hocuspocus' own door. */
export function authenticate(): Extension {
  return {
    extensionName: 'authenticate',
    async onAuthenticate() {
      throw new Error('documents are opened by their rooms alone');
    },
  };
}
