import { ApiError } from '../api/problem.ts';
import { en, type Strings } from './en.ts';
import { ko } from './ko.ts';

export type { Strings };

/** Korean for those whose browser asks for it, English for everybody else. */
export function chooseStrings(languages: readonly string[]): Strings {
  const first = languages.find((language) => /^(ko|en)\b/i.test(language));
  return first?.toLowerCase().startsWith('ko') === true ? ko : en;
}

/** What to tell a person about a failure: our own words for its code where we have them, else the server's detail. */
export function explain(strings: Strings, error: unknown): string {
  if (!(error instanceof ApiError)) return strings.errors.unknown;
  const own = (strings.errors as Record<string, string | undefined>)[error.code];
  const general = own ?? (error.message === '' ? strings.errors.unknown : error.message);
  if (strings.language !== 'en' || error.fields.length === 0) return general;
  return [general, ...error.fields.map(({ path, message }) => `${path}: ${message}`)].join('\n');
}
