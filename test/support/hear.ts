import { isDeepStrictEqual } from 'node:util';
import type { Topic, TopicMessage } from '#contract/bus.ts';
import type { Bus } from '#platform/bus/bus.ts';
import { waitFor } from './wait-for.ts';

/**
 * Listens to a topic. The returned function gives what was told since it was last called; it sends `mark` behind it and
 * waits for that, since a subscriber gets the messages of one publisher in their order.
 */
export async function hear<T extends Topic>(
  bus: Bus,
  topic: T,
  mark: TopicMessage<T>,
): Promise<() => Promise<TopicMessage<T>[]>> {
  const heard: TopicMessage<T>[] = [];
  await bus.subscribe(topic, (message) => void heard.push(message));
  return async () => {
    await bus.publish(topic, mark);
    await waitFor(() => isDeepStrictEqual(heard.at(-1), mark), { what: `the mark on ${topic}` });
    return heard.splice(0).slice(0, -1);
  };
}
