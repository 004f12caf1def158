import { host } from './host.ts';

/** Standard input and the program's own files; there is no other file here. Text only. */
export function readFileSync(path: unknown): string {
  if (path === 0 || path === '/dev/stdin') return host.stdin();
  const name = String(path)
    .replace(/^(file:\/\/)?\/program\//, '')
    .replace(/^(\.\/)+/, '');
  const text = host.file(name);
  if (text !== undefined) return text;
  throw Object.assign(new Error(`ENOENT: no such file or directory, open '${String(path)}'`), {
    errno: -2,
    code: 'ENOENT',
    syscall: 'open',
    path,
  });
}

export function existsSync(path: unknown): boolean {
  try {
    readFileSync(path);
    return true;
  } catch {
    return false;
  }
}

export const promises = { readFile: async (path: unknown) => readFileSync(path) };

export function readFile(path: unknown, ...rest: unknown[]): void {
  const done = rest.at(-1) as (error: unknown, text?: string) => void;
  promises.readFile(path).then(
    (text) => done(null, text),
    (error: unknown) => done(error),
  );
}

export default { readFileSync, existsSync, readFile, promises };
