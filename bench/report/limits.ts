import type { Run } from '../plans.ts';
import { median } from './statistics.ts';

const full = 90;

/** Which process had no more to give. */
export function limitedBy(runs: readonly Run[]): string {
  const loadLoop = median(runs.map(({ shares }) => shares?.loadLoop)) ?? 0;
  const serverLoop = median(runs.map(({ shares }) => shares?.serverLoop)) ?? 0;
  const beyond = runs.flatMap(({ steps = [] }) => steps.filter(({ held }) => !held));
  if (beyond.length > 0) {
    // Too slow although it had time: it waits for something, or holds back.
    const idle = beyond.every(({ shares }) => shares !== undefined && shares.serverLoop < full);
    if (idle && !beyond.some(({ generator }) => generator)) return 'waiting';
    if (beyond.every(({ generator }) => generator)) return 'load';
    return beyond.some(({ generator }) => generator) ? 'both' : 'server';
  }
  if (loadLoop >= full && serverLoop >= full) return 'both';
  if (loadLoop >= full) return 'load';
  return serverLoop >= full ? 'server' : 'nobody';
}

/** What was not as it must be, in words; empty when all is well. */
export function complaints(runs: readonly Run[]): string {
  const sums = new Map<string, number>();
  for (const { checks } of runs) {
    for (const [name, count] of Object.entries(checks)) sums.set(name, (sums.get(name) ?? 0) + count);
  }
  const wrong = [...sums].filter(([, count]) => count > 0).map(([name, count]) => `${name} ${count}`);
  const codes = [...new Set(runs.flatMap(({ closeCodes }) => closeCodes))];
  if (codes.length > 0) wrong.push(`closed with ${codes.join(', ')}`);
  return wrong.join('; ');
}
