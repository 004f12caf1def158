// Plain JavaScript, because it comes before all else: a guest gets its own code with the types already removed. Doing that
// in every guest would double the time it takes to start.
import { fstatSync, readSync } from 'node:fs';
import { registerHooks } from 'node:module';
import process from 'node:process';

const bundleFd = 7;
const bytes = new Uint8Array(fstatSync(bundleFd).size);
readSync(bundleFd, bytes, 0, bytes.length, 0);
/** @type {Record<string, string>} */
const files = JSON.parse(new TextDecoder().decode(bytes));

registerHooks({
  resolve: (specifier, context, next) => {
    const url = specifier.startsWith('.') ? new URL(specifier, context.parentURL).href : specifier;
    return url in files ? { url, format: 'module', shortCircuit: true } : next(specifier, context);
  },
  load: (url, context, next) =>
    url in files ? { format: 'module', source: files[url], shortCircuit: true } : next(url, context),
});
Object.assign(globalThis, { guestFiles: files });
process.argv.splice(1, 1);
await import(process.argv[1]);
