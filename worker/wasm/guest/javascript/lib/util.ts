import { format } from './format.ts';
import { inspect } from './inspect.ts';

type Callback = (error: unknown, value?: unknown) => void;

/** Turns a function that ends with a callback (error, value) into one that returns a promise. */
export function promisify(callbackStyle: (...args: unknown[]) => void): (...args: unknown[]) => Promise<unknown> {
  return (...args) =>
    new Promise((resolve, reject) => {
      const done: Callback = (error, value) => (error ? reject(error) : resolve(value));
      callbackStyle(...args, done);
    });
}

export { format, inspect };
export default { format, inspect, promisify };
