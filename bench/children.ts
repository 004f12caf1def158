import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createRpc, type Handlers, type Rpc } from './rpc.ts';

export type Child = Rpc & {
  pid: number;
  /** Ends the process: politely, then after 10 s by SIGKILL. */
  end(): Promise<void>;
};

const endWithinMs = 10_000;
const living = new Set<ChildProcess>();

process.on('exit', () => {
  for (const child of living) child.kill('SIGKILL');
});
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  process.on(signal, () => process.exit(code));
}

/** Starts a file of the bench in a process of its own; it ends with this one, however this one ends. */
export function startChild(
  file: string,
  options: { env?: Record<string, string>; execArgv?: string[]; handlers?: Handlers } = {},
): Child {
  const child = fork(new URL(file, import.meta.url), {
    execArgv: options.execArgv ?? [],
    env: { ...process.env, ...options.env },
    // A terminal's Ctrl-C goes to the whole group; the parent alone decides when children end.
    detached: true,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  living.add(child);
  child.once('exit', () => living.delete(child));
  child.on('error', () => living.delete(child));
  const rpc = createRpc(child, options.handlers);
  return {
    ...rpc,
    pid: child.pid ?? 0,
    async end() {
      if (!living.has(child)) return;
      const gone = once(child, 'exit');
      const late = setTimeout(() => child.kill('SIGKILL'), endWithinMs);
      rpc.ask('end', undefined, endWithinMs).catch(() => {});
      await gone;
      clearTimeout(late);
    },
  };
}
