import { limits } from '#contract/limits.ts';
import type { RunStatus } from '#contract/run.ts';
import { utf8Tail } from '#contract/utf8.ts';
import type { Bridge } from './bridge.ts';
import { newsOf } from './store.ts';

/**
 * Tells the class that a run has come to the state `status`, which is stored; if it has left that again, there is nothing
 * to tell. `output` is what the program has written; its end travels along. Nothing depends on this message: whoever
 * misses it reads the row.
 */
export async function announce(
  bridge: Pick<Bridge, 'db' | 'bus'>,
  id: string,
  status: RunStatus,
  output = '',
): Promise<void> {
  const news = await newsOf(bridge.db, id);
  if (news === undefined || news.run.status !== status) return;
  const tail = utf8Tail(output, limits.awarenessTailBytes);
  await bridge.bus.publish('run.updated', { ...news, run: { ...news.run, tail } });
}
