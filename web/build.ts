import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { glob, mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { compressBuild } from './compress.ts';

interface BuildLog {
  info(fields: object, message: string): void;
}

const webDir = import.meta.dirname;
const rootDir = path.dirname(webDir);
const distDir = path.join(webDir, 'dist');

/** All that the page is made of. A change of any of them asks for a new build; tests and output do not count. */
const sourcePatterns = ['web/**/*', 'contract/**/*', 'package.json', 'package-lock.json'];
const notSources = /^web[\\/]dist[\\/]|\.test\.ts$/;

/**
 * Makes sure the page is built from the sources as they are, and returns the directory to serve. Each build has its own
 * directory, `web/dist/<fingerprint of the sources>`, which appears complete by one rename or not at all: processes that
 * start together, or still serve an older build, do not disturb each other. Without Vite (an installation for production)
 * a build made ahead of time is served. Throws when there is neither.
 */
export async function buildPage({ log }: { log: BuildLog }): Promise<string> {
  const target = path.join(distDir, await fingerprint());
  if (await exists(target)) return target;
  const vite = findVite();
  if (vite === undefined) return latestBuild();

  const startedAt = Date.now();
  await mkdir(distDir, { recursive: true });
  const unfinished = path.join(distDir, `unfinished-${process.pid}-${startedAt}`);
  try {
    await runVite(vite, unfinished);
    await compressBuild(unfinished);
    await rename(unfinished, target).catch(async (error: unknown) => {
      // Somebody else was faster with the same sources.
      if (!(await exists(target))) throw error;
    });
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
  await removeOldBuilds(target);
  log.info({ ms: Date.now() - startedAt }, 'page built');
  return target;
}

async function fingerprint(): Promise<string> {
  const files: string[] = [];
  for await (const entry of glob(sourcePatterns, { cwd: rootDir, withFileTypes: true })) {
    const file = path.relative(rootDir, path.join(entry.parentPath, entry.name));
    if (entry.isFile() && !notSources.test(file)) files.push(file);
  }
  const hash = createHash('sha256');
  for (const file of files.toSorted()) {
    hash.update(`${file.split(path.sep).join('/')}\0`);
    hash.update(
      createHash('sha256')
        .update(await readFile(path.join(rootDir, file)))
        .digest(),
    );
  }
  return hash.digest('hex').slice(0, 16);
}

/** The program file of Vite; undefined when it is not installed. */
function findVite(): string | undefined {
  try {
    return path.join(path.dirname(createRequire(import.meta.url).resolve('vite/package.json')), 'bin', 'vite.js');
  } catch {
    return undefined;
  }
}

/** In a process of its own: a build keeps its memory for good and would hold up everything else that is starting. */
async function runVite(vite: string, outDir: string): Promise<void> {
  const args = [vite, 'build', webDir, '--outDir', outDir, '--emptyOutDir', '--logLevel', 'warn'];
  const child = spawn(process.execPath, args, {
    cwd: rootDir,
    stdio: ['ignore', 'pipe', 'pipe'],
    // oxlint-disable-next-line node/no-process-env -- Vite would make a development build in a test's environment
    env: { ...process.env, NODE_ENV: 'production' },
  });
  const said: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => said.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => said.push(chunk));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) throw new Error(`The page could not be built:\n${Buffer.concat(said).toString('utf8')}`);
}

/** Builds by age, the newest first. */
async function builds(): Promise<{ dir: string; ageMs: number }[]> {
  const names = await readdir(distDir).catch(() => []);
  const found = await Promise.all(
    names.map(async (name) => {
      const dir = path.join(distDir, name);
      const { mtimeMs } = await stat(dir).catch(() => ({ mtimeMs: 0 }));
      return { dir, ageMs: Date.now() - mtimeMs };
    }),
  );
  return found.toSorted((a, b) => a.ageMs - b.ageMs);
}

async function latestBuild(): Promise<string> {
  for (const { dir } of await builds()) if (await exists(path.join(dir, 'index.html'))) return dir;
  throw new Error(
    'The page is not built, and Vite is not installed. Run "npm install" (with development dependencies), or build it ' +
      'ahead of time with "node web/build.ts" and keep web/dist.',
  );
}

/** Leaves what another process may still be building or serving. */
async function removeOldBuilds(current: string): Promise<void> {
  const dayMs = 24 * 60 * 60 * 1000;
  for (const { dir, ageMs } of await builds()) {
    if (dir !== current && ageMs > dayMs) await rm(dir, { recursive: true, force: true });
  }
}

async function exists(file: string): Promise<boolean> {
  return (await stat(file).catch(() => undefined)) !== undefined;
}

if (import.meta.main) {
  const say = (text: string) => process.stdout.write(`${text}\n`);
  say(await buildPage({ log: { info: (fields, message) => say(`${message} ${JSON.stringify(fields)}`) } }));
}
