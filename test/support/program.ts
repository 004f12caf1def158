import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { waitFor } from './wait-for.ts';

/** The real program as a process of its own, the way `npm start` runs it. */
export type Program = {
  url: string;
  wsUrl: string;
  port: number;
  dataDir: string;
  /** Standard output and error so far. */
  output(): string;
  /** SIGTERM, then waits for the end; resolves to the exit code. */
  stop(): Promise<number | null>;
  /** SIGKILL: no chance to save anything. */
  kill(): Promise<void>;
  /** Starts it again on the same port and data. */
  restart(): Promise<void>;
  /** Ends it and takes its data away. */
  destroy(): Promise<void>;
};

const root = path.join(import.meta.dirname, '../..');

/** A port nobody listens on right now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Starts the program on embedded stores in a new folder, unless `env` says otherwise, and waits until it is ready. */
export async function startProgram(
  options: { env?: Record<string, string>; args?: string[]; dataDir?: string; port?: number } = {},
): Promise<Program> {
  const port = options.port ?? (await freePort());
  const dataDir = options.dataDir ?? (await mkdtemp(path.join(tmpdir(), 'lectern-program-')));
  const { PATH = '', HOME = '' } = process.env;
  const env = { PATH, HOME, PORT: String(port), DATA_DIR: dataDir, LOG_LEVEL: 'info', ...options.env };
  let output = '';
  let child: ChildProcess;

  async function start(): Promise<void> {
    child = spawn(process.execPath, ['main.ts', ...(options.args ?? [])], { cwd: root, env, stdio: 'pipe' });
    const collect = (chunk: Buffer) => {
      output += chunk.toString();
    };
    child.stdout!.on('data', collect);
    child.stderr!.on('data', collect);
    await waitFor(
      async () => {
        if (child.exitCode !== null) throw new Error(`the program ended with ${child.exitCode}:\n${output}`);
        const answer = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined);
        return answer?.status === 200;
      },
      { withinMs: 60_000, what: 'the program to be ready' },
    );
  }

  async function end(signal: NodeJS.Signals): Promise<number | null> {
    if (child.exitCode === null && child.signalCode === null) {
      const exited = once(child, 'exit');
      child.kill(signal);
      await exited;
    }
    return child.exitCode;
  }

  await start();
  return {
    url: `http://localhost:${port}`,
    wsUrl: `ws://localhost:${port}`,
    port,
    dataDir,
    output: () => output,
    stop: () => end('SIGTERM'),
    async kill() {
      await end('SIGKILL');
    },
    restart: start,
    async destroy() {
      await end('SIGKILL');
      if (options.dataDir === undefined) await rm(dataDir, { recursive: true });
    },
  };
}
