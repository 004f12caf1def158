import type { ChildProcess } from 'node:child_process';

const living = new Set<ChildProcess>();

/** Ends a child with this process, however this process ends: a test that fails or runs late leaves nobody behind. */
export function dieWithUs(child: ChildProcess): void {
  living.add(child);
  child.once('exit', () => living.delete(child));
}

process.on('exit', () => {
  for (const child of living) child.kill('SIGKILL');
});
