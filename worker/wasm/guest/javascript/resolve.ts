/** Node's modules that exist here, by file in `lib/`. */
export const builtins = new Set([
  'assert',
  'events',
  'fs',
  'fs/promises',
  'process',
  'readline',
  'readline/promises',
  'timers',
  'timers/promises',
  'util',
]);

function join(folder: string[], request: string): string {
  const parts = request.startsWith('/') ? [] : [...folder];
  for (const part of request.replace(/^\/program\//, '').split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '.' && part !== '') parts.push(part);
  }
  return parts.join('/');
}

/**
 * What `request` means in the file `from`: a `node:` name or a path of the program. Tries the path as it stands, then the
 * usual endings; "./x.js" finds "x.ts", as TypeScript has it. Throws the message Node would show.
 */
export function resolve(request: string, from: string, exists: (path: string) => boolean): string {
  const bare = request.replace(/^node:/, '');
  if (builtins.has(bare)) return `node:${bare}`;
  if (!/^\.{0,2}\//.test(request) && request !== '.' && request !== '..') {
    throw new Error(
      `Cannot find module '${request}'. There are no packages here; of Node's own modules there are: ${[...builtins].join(', ')}`,
    );
  }
  const path = join(from.split('/').slice(0, -1), request);
  const endings = ['', '.js', '.mjs', '.cjs', '.ts', '.mts', '.cts', '.json', '/index.js', '/index.ts'];
  const found = [...endings.map((ending) => path + ending), path.replace(/js$/, 'ts')].find(exists);
  if (found === undefined) throw new Error(`Cannot find module '${request}' from '${from}'`);
  return found;
}
