import { limits } from '#contract/limits.ts';
import { utf8Tail } from '#contract/utf8.ts';
import type { Bridge } from './bridge.ts';
import { newsOf } from './store.ts';

/**
 * Tells the class how a run stands, as it is stored. `output` is what the program has written so far; its end travels
 * along. Nothing depends on this message: whoever misses it reads the row.
 */
export async function announce(bridge: Pick<Bridge, 'db' | 'bus'>, id: string, output = ''): Promise<void> {
  const news = await newsOf(bridge.db, id);
  if (news === undefined) return;
  const tail = utf8Tail(output, limits.awarenessTailBytes);
  await bridge.bus.publish('run.updated', { ...news, run: { ...news.run, tail } });
}
