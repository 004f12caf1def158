import { idPattern } from '#contract/ids.ts';

export type Route = { at: 'home' } | { at: 'classroom'; id: string } | { at: 'join'; code: string };

/** The three addresses of the page; anything else is home. */
export function parsePath(path: string): Route {
  const [, first, second] = path.split('/');
  const value = safeDecode(second ?? '');
  if (first === 'c' && idPattern.test(value)) return { at: 'classroom', id: value };
  if (first === 'join' && value !== '') return { at: 'join', code: value };
  return { at: 'home' };
}

function safeDecode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return '';
  }
}
