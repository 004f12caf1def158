import { glob, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

const worthBytes = 1024;
/** The highest quality takes ten times as long for a few per cent. */
const brotliQuality = 9;

/**
 * Writes `.br` and `.gz` beside every text file of a build: a class that opens the page together on one Wi-Fi fetches a
 * quarter of the bytes, and the server compresses nothing while it teaches.
 */
export async function compressBuild(directory: string): Promise<void> {
  const files: string[] = [];
  for await (const file of glob('**/*.{js,css,html,svg,json}', { cwd: directory }))
    files.push(path.join(directory, file));
  await Promise.all(files.map(compress));
}

async function compress(file: string): Promise<void> {
  const content = await readFile(file);
  if (content.length < worthBytes) return;
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: brotliQuality,
    [constants.BROTLI_PARAM_SIZE_HINT]: content.length,
  };
  const [small, fallback] = await Promise.all([
    promisify(brotliCompress)(content, { params }),
    promisify(gzip)(content),
  ]);
  await Promise.all([writeFile(`${file}.br`, small), writeFile(`${file}.gz`, fallback)]);
}
