import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { Mode, Role } from '#contract/roles.ts';

export type HostOptions = { rooms: { people: number; role?: Exclude<Role, 'owner'>; mode?: Mode }[] };
export type HostRoom = {
  main: string;
  teacher: string;
  members: { token: string; workspace: string; userId: string }[];
};
export type HostReady = { wsUrl: string; rooms: HostRoom[] };
export type HostQuestion = { id: number; ask: 'stats' | 'restart' | 'close' };
/** `cpuMs`, `lag…`, `queries` and `reads` since the question before. */
export type HostAnswer = {
  rssMegabytes: number;
  /** What the process has used of the processor: unlike time, the same on a busy machine. */
  cpuMs: number;
  lagMaxMs: number;
  lagP99Ms: number;
  /** All queries of the database. */
  queries: number;
  /** Document name → how often its log was read. */
  reads: Record<string, number>;
};

export type Host = HostReady & {
  stats(): Promise<HostAnswer>;
  /** Ends the role and starts it again on the same data, in the same process. */
  restart(): Promise<void>;
  /** False once the process has ended, which it never should by itself. */
  alive(): boolean;
  close(): Promise<void>;
};

/** Starts the collab role in a process of its own, with these classrooms in its database. */
export async function startHost(options: HostOptions): Promise<Host> {
  const child = fork(new URL('./host.child.ts', import.meta.url), [JSON.stringify(options)], { execArgv: [] });
  const waiting = new Map<number, (said: HostAnswer) => void>();
  const ready = Promise.withResolvers<HostReady>();
  child.on('message', (message: { ready?: HostReady; id?: number; said?: HostAnswer }) => {
    if (message.ready !== undefined) return ready.resolve(message.ready);
    waiting.get(message.id!)?.(message.said!);
  });
  child.on('exit', (code) => ready.reject(new Error(`the host ended with ${code}`)));
  let questions = 0;
  const ask = (what: HostQuestion['ask']) =>
    new Promise<HostAnswer>((resolve, reject) => {
      questions += 1;
      waiting.set(questions, resolve);
      child.send({ id: questions, ask: what } satisfies HostQuestion, (error) => error && reject(error));
    });
  return {
    ...(await ready.promise),
    stats: () => ask('stats'),
    async restart() {
      await ask('restart');
    },
    alive: () => child.exitCode === null && child.signalCode === null,
    async close() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      const late = setTimeout(() => child.kill('SIGKILL'), 10_000);
      child.send({ id: 0, ask: 'close' } satisfies HostQuestion);
      await exited;
      clearTimeout(late);
    },
  };
}
