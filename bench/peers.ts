import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('./peers/', import.meta.url));
const installWithinMs = 5 * 60_000;

/**
 * Installs the stock servers where they are not yet: in a folder of their own, exactly as its lock says, so that the
 * product never depends on them. Optional packages (a native store that is not used) are left out.
 */
export function installPeers(): void {
  if (existsSync(`${folder}node_modules/.package-lock.json`)) return;
  console.log('Installing the stock servers to compare with into bench/peers …');
  execFileSync('npm', ['ci', '--omit=optional', '--ignore-scripts', '--loglevel=error'], {
    cwd: folder,
    stdio: ['ignore', 'inherit', 'inherit'],
    timeout: installWithinMs,
  });
}
