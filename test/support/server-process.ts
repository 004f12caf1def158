import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { dieWithUs } from './living-children.ts';
import { freePort } from './program.ts';
import { waitFor } from './wait-for.ts';

/** A server in a process of its own, to be killed, stopped, continued and started again on the same port. */
export type ServerProcess = {
  readonly port: number;
  readonly wsUrl: string;
  readonly pid: number;
  /** Standard output and error so far, of all its lives. */
  output(): string;
  alive(): boolean;
  /** Resident memory in MB. Linux only. */
  rssMb(): number;
  signal(name: NodeJS.Signals): void;
  /** Resolves to the exit code, null after a signal that killed it. */
  ended(): Promise<number | null>;
  /** SIGKILL, and waits until it is gone. */
  kill(): Promise<void>;
  /** Starts it without waiting; `ready` waits. */
  launch(): void;
  ready(): Promise<void>;
  restart(): Promise<void>;
};

const root = path.join(import.meta.dirname, '../..');

/** Starts `entry` (a path in this project) with PORT set, and waits until `readyPath` answers 200. */
export async function startServer(options: {
  entry: string;
  env: Record<string, string>;
  args?: string[];
  port?: number;
  readyPath?: string;
}): Promise<ServerProcess> {
  const { entry, args = [], readyPath = '/readyz' } = options;
  const port = options.port ?? (await freePort());
  const { PATH = '', HOME = '' } = process.env;
  const env = { PATH, HOME, PORT: String(port), ...options.env };
  let output = '';
  let child: ChildProcess;

  const gone = () => child.exitCode !== null || child.signalCode !== null;
  const server: ServerProcess = {
    port,
    wsUrl: `ws://127.0.0.1:${port}`,
    get pid() {
      return child.pid!;
    },
    output: () => output,
    alive: () => !gone(),
    rssMb() {
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
      return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)![1]) / 1024);
    },
    signal: (name) => void child.kill(name),
    async ended() {
      if (!gone()) await once(child, 'exit');
      return child.exitCode;
    },
    async kill() {
      if (!gone()) child.kill('SIGKILL');
      await server.ended();
    },
    launch() {
      child = spawn(process.execPath, [entry, ...args], { cwd: root, env, stdio: 'pipe' });
      dieWithUs(child);
      const collect = (chunk: Buffer) => {
        output += chunk.toString();
      };
      child.stdout!.on('data', collect);
      child.stderr!.on('data', collect);
    },
    async ready() {
      await waitFor(
        async () => {
          if (gone()) throw new Error(`the server ended with ${child.exitCode}:\n${output.slice(-4_000)}`);
          const answer = await fetch(`http://127.0.0.1:${port}${readyPath}`).catch(() => undefined);
          return answer?.status === 200;
        },
        { withinMs: 120_000, what: `${entry} to be ready` },
      );
    },
    async restart() {
      server.launch();
      await server.ready();
    },
  };
  await server.restart();
  return server;
}
