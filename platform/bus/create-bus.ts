import { topics } from '#contract/bus.ts';
import type { Log } from '#platform/log.ts';
import type { Bus } from './bus.ts';
import { createChannels } from './channels.ts';
import type { Link } from './link.ts';
import { createRequests } from './requests.ts';

/** The bus over any link: topics here, questions in `requests.ts`. */
export function createBus(deps: { link: Link; log: Log }): Bus {
  const { link, log } = deps;
  const channels = createChannels({ link, log });
  const requests = createRequests({ channels, log });
  let unsent = 0;

  return {
    async publish(topic, message) {
      try {
        await channels.post(topic, message);
        if (unsent > 0) log.warn({ unsent }, 'bus messages did not reach the other processes');
        unsent = 0;
      } catch (error) {
        // The publisher has stored what matters and cannot do more about it than we can.
        if (unsent === 0) log.warn({ topic, error }, 'bus messages reach only this process');
        unsent += 1;
      }
    },

    async subscribe(topic, handler) {
      let open = true;
      let last = Promise.resolve();
      const off = await channels.on(topic, (body) => {
        const message = topics[topic].safeParse(body);
        if (!message.success) {
          log.warn({ topic }, 'dropped a bus message of the wrong shape');
          return;
        }
        last = last
          .then(() => (open ? handler(message.data as Parameters<typeof handler>[0]) : undefined))
          .catch((error: unknown) => log.error({ topic, error }, 'a bus subscriber failed'));
      });
      return async () => {
        open = false;
        await off();
      };
    },

    request: requests.request,
    respond: requests.respond,
    healthy: () => link.healthy(),

    async close() {
      requests.close();
      await channels.close();
    },
  };
}
