import { spawn, type ChildProcess } from 'node:child_process';
import os from 'node:os';
import type { Readable, Writable } from 'node:stream';
import type { Log } from '#platform/log.ts';
import { commandOf, type Engine } from './engines.ts';
import { guestMessageSchema, type GuestMessage, type Program } from './protocol.ts';

/** Programs of a class come after the server, yet are not starved by it. */
const niceness = 5;
const maxMessageChars = 1024 * 1024;
const maxComplaintChars = 2_000;

export type GuestFiles = {
  /** What the engine begins from, or what a maker is to write. */
  made?: number | undefined;
  /** The code of all guests without its types. */
  bundle?: number | undefined;
};

/** A process with an engine in it, for one program. */
export type GuestProcess = {
  readonly pid: number | undefined;
  /** Resolves when the engine is up; rejects when the process ends before. */
  readonly ready: Promise<void>;
  /** Resolves when the process is gone and all it wrote has been read. */
  readonly closed: Promise<void>;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Gives the process its program. From then on `onMessage` gets what it says. */
  send(program: Program, onMessage: (message: GuestMessage) => void): void;
  /** SIGKILL; `closed` follows. */
  kill(): void;
  end(): { exitCode: number | null; signal: string | null; complaints: string };
};

type Pipes = [null, null, Readable, Readable & Writable, Readable, Readable];

/** Starts a process that boots an engine and waits. Throws when the system cannot start one. */
export function spawnGuest(engine: Engine, { made, bundle, log }: GuestFiles & { log: Log }): GuestProcess {
  const { command, args } = commandOf(engine, { bundled: bundle !== undefined });
  const child = spawn(command, args, {
    cwd: '/',
    // Windows starts nothing without its root.
    // oxlint-disable-next-line node/no-process-env
    env: process.platform === 'win32' ? { SystemRoot: process.env['SystemRoot'] } : {},
    stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe', 'pipe', made ?? 'ignore', bundle ?? 'ignore'],
    windowsHide: true,
  });
  yieldProcessor(child);
  const [, , complaining, control, stdout, stderr] = child.stdio as unknown as Pipes;
  const complaints = keepText(complaining);
  const ready = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<void>();
  ready.promise.catch(() => {});
  let given = false;
  let onMessage = (message: GuestMessage): void => {
    if (message.type === 'ready') ready.resolve();
  };
  readMessages(control, {
    take: (message) => onMessage(message),
    refuse: () => child.kill('SIGKILL'),
  });
  // A program may end before it has read itself.
  control.on('error', () => {});
  child.once('error', (error) => {
    ready.reject(error);
    if (child.pid === undefined) closed.resolve();
  });
  child.once('close', (exitCode, signal) => {
    const said = complaints();
    // What an engine says while a program runs is about the program, unless the process ended over it.
    const level = given && signal === 'SIGKILL' ? 'debug' : 'warn';
    if (said !== '') log[level]({ engine: engine.name, said, exitCode, signal }, 'a guest complained');
    ready.reject(new Error(`the ${engine.name} process ended while it started (${signal ?? exitCode})`));
    closed.resolve();
  });

  return {
    pid: child.pid,
    ready: ready.promise,
    closed: closed.promise,
    stdout,
    stderr,
    send: (program, take) => {
      given = true;
      onMessage = take;
      control.end(JSON.stringify(program));
    },
    kill: () => {
      child.kill('SIGKILL');
    },
    end: () => ({ exitCode: child.exitCode, signal: child.signalCode, complaints: complaints() }),
  };
}

/** To be called before the engine has threads of its own, which inherit it. */
function yieldProcessor(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    os.setPriority(child.pid, niceness);
  } catch {
    // Not allowed in some containers; the limits hold all the same.
  }
}

function readMessages(control: Readable, on: { take: (message: GuestMessage) => void; refuse: () => void }): void {
  let text = '';
  control.setEncoding('utf8');
  control.on('data', (chunk: string) => {
    text += chunk;
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n')) {
      const message = guestMessageSchema.safeParse(parse(text.slice(0, end)));
      text = text.slice(end + 1);
      if (!message.success) return on.refuse();
      on.take(message.data);
    }
    if (text.length > maxMessageChars) on.refuse();
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function keepText(stream: Readable): () => string {
  let text = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    if (text.length < maxComplaintChars) text += chunk.slice(0, maxComplaintChars - text.length);
  });
  return () => text.trim();
}
