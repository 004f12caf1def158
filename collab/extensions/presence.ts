import type { Extension } from '@hocuspocus/server';
import type { ChannelContext } from '../gateway/channel.ts';
import type { Presence } from '../presence.ts';

export type PresenceDeps = { presence: Presence };

/** Counts the document sockets of each person in each classroom. */
export function presence({ presence: people }: PresenceDeps): Extension<ChannelContext> {
  return {
    extensionName: 'presence',
    async connected({ context }) {
      const { channel } = context;
      if (channel?.admission === undefined) return;
      people.enter(channel.admission.name.classroomId, channel.admission.user.id, channel);
    },
    async onDisconnect({ context }) {
      const { channel } = context;
      if (channel?.admission === undefined) return;
      people.leave(channel.admission.name.classroomId, channel.admission.user.id, channel);
    },
  };
}
