// Writes the code of the guests without its types to descriptor 6, as JSON of file URL → source.
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { guestFd } from './channel.ts';

const files: Record<string, string> = {};
for (const file of globSync('**/*.ts', { cwd: import.meta.dirname, exclude: ['**/*.test.ts'] })) {
  const url = new URL(file, import.meta.url);
  files[url.href] = stripTypeScriptTypes(readFileSync(url, 'utf8'));
}
writeFileSync(guestFd.made, JSON.stringify(files));
