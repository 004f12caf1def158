import type { ChildProcess } from 'node:child_process';

type Message =
  | { kind: 'ask'; id: number; type: string; body: unknown }
  | { kind: 'answer'; id: number; body: unknown }
  | { kind: 'failed'; id: number; reason: string };

/** What one side answers: a function for each type of question. */
// oxlint-disable-next-line typescript/no-explicit-any -- each handler knows the shape of its own questions
export type Handlers = Record<string, (body: any) => unknown>;

export interface Rpc {
  /** Asks the other process. Rejects when it fails, has gone, or does not answer `withinMs` (default 30 s). */
  ask<T>(type: string, body?: unknown, withinMs?: number): Promise<T>;
}

/** Questions and answers over the IPC channel of a child (in the parent) or of this process (in the child). */
export function createRpc(channel: ChildProcess | NodeJS.Process, handlers: Handlers = {}): Rpc {
  const waiting = new Map<number, { resolve: (body: unknown) => void; reject: (error: Error) => void }>();
  let asked = 0;
  const send = (message: Message) => void channel.send?.(message, undefined, undefined, () => {});

  async function answer(message: Extract<Message, { kind: 'ask' }>): Promise<void> {
    const { id, type, body } = message;
    try {
      const handler = handlers[type];
      if (handler === undefined) throw new Error(`nobody answers ${type}`);
      send({ kind: 'answer', id, body: await handler(body) });
    } catch (error) {
      send({ kind: 'failed', id, reason: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    }
  }

  const emitter: NodeJS.EventEmitter = channel;
  emitter.on('message', (message: Message) => {
    if (message.kind === 'ask') return void answer(message);
    const question = waiting.get(message.id);
    waiting.delete(message.id);
    if (message.kind === 'answer') question?.resolve(message.body);
    else question?.reject(new Error(message.reason));
  });
  emitter.on(channel === process ? 'disconnect' : 'exit', () => {
    for (const { reject } of waiting.values()) reject(new Error('the other process has ended'));
    waiting.clear();
  });

  return {
    ask<T>(type: string, body?: unknown, withinMs = 30_000) {
      asked += 1;
      const id = asked;
      return new Promise<T>((resolve, reject) => {
        const late = setTimeout(() => {
          waiting.delete(id);
          reject(new Error(`no answer to ${type} within ${withinMs} ms`));
        }, withinMs);
        const settle =
          <V>(then: (value: V) => void) =>
          (value: V) => {
            clearTimeout(late);
            then(value);
          };
        waiting.set(id, { resolve: settle(resolve as (body: unknown) => void), reject: settle(reject) });
        send({ kind: 'ask', id, type, body });
      });
    },
  };
}
