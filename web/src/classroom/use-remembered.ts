import { useState } from 'preact/hooks';

/** A number this browser remembers, such as the size of the text. */
export function useRemembered(key: string, initial: number): [number, (value: number) => void] {
  const [value, setValue] = useState(() => Number(localStorage.getItem(key) ?? initial) || initial);
  return [
    value,
    (next) => {
      localStorage.setItem(key, String(next));
      setValue(next);
    },
  ];
}
