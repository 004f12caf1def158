import { setImmediate as onImmediate, setTimeout as onTimeout } from './timers.ts';

export const setTimeout = (delay?: number, value?: unknown) =>
  new Promise((resolve) => {
    onTimeout(resolve, delay, value);
  });

export const setImmediate = (value?: unknown) =>
  new Promise((resolve) => {
    onImmediate(resolve, value);
  });

export default { setTimeout, setImmediate };
