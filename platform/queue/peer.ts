import type { MessagePort, Worker } from 'node:worker_threads';
import { AppError, type ErrorCode } from '#contract/errors.ts';

/** What one side of a port offers to the other. Arguments and results are copied on the way (structured clone). */
type Methods = { [name: string]: (...args: never[]) => unknown };

type Failure = { code: ErrorCode; detail: string } | { message: string; stack: string | undefined };
type Message =
  | { call: number; method: string; args: unknown[] }
  | { tell: string; args: unknown[] }
  | { answer: number; value: unknown }
  | { answer: number; failure: Failure };

export interface Peer<Remote extends Methods> {
  /** Calls a method of the other side. An AppError comes back as one, any other failure as an Error. */
  call<M extends keyof Remote & string>(
    method: M,
    ...args: Parameters<Remote[M]>
  ): Promise<Awaited<ReturnType<Remote[M]>>>;
  /** The same for those who do not wait; what fails is reported on the other side. */
  tell<M extends keyof Remote & string>(method: M, ...args: Parameters<Remote[M]>): void;
  /** Fails all calls that wait and all later ones. */
  end(error: Error): void;
}

/**
 * Calls in both directions over one port, begun in the order they were made. Both sides are our own code in one process,
 * so messages are not checked.
 */
export function connectPeer<Remote extends Methods>(
  port: MessagePort | Worker,
  local: Methods,
  onError: (error: unknown) => void,
): Peer<Remote> {
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  let calls = 0;
  let ended: Error | undefined;
  const post = (message: Message) => port.postMessage(message);
  const perform = async (method: string, args: unknown[]) => local[method]!(...(args as never[]));

  port.on('message', (message: Message) => {
    if ('tell' in message) perform(message.tell, message.args).catch(onError);
    else if ('call' in message) {
      perform(message.method, message.args).then(
        (value) => post({ answer: message.call, value }),
        (error: unknown) => post({ answer: message.call, failure: failureOf(error) }),
      );
    } else {
      const call = waiting.get(message.answer);
      waiting.delete(message.answer);
      if ('failure' in message) call?.reject(errorOf(message.failure));
      else call?.resolve(message.value);
    }
  });

  return {
    call(method, ...args) {
      if (ended !== undefined) return Promise.reject(ended);
      const call = Promise.withResolvers<unknown>();
      calls += 1;
      waiting.set(calls, call);
      post({ call: calls, method, args });
      return call.promise as ReturnType<Peer<Remote>['call']>;
    },
    tell: (method, ...args) => post({ tell: method, args }),
    end(error) {
      ended ??= error;
      for (const call of waiting.values()) call.reject(ended);
      waiting.clear();
    },
  };
}

function failureOf(error: unknown): Failure {
  if (error instanceof AppError) return { code: error.code, detail: error.detail };
  if (error instanceof Error) return { message: error.message, stack: error.stack };
  return { message: String(error), stack: undefined };
}

function errorOf(failure: Failure): Error {
  if ('code' in failure) return new AppError(failure.code, failure.detail);
  return Object.assign(new Error(failure.message), { stack: failure.stack });
}
