import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { type ReplyBody, type RequestBody, type RequestName, requests } from '#contract/bus.ts';
import { AppError, type ErrorCode, errorTable } from '#contract/errors.ts';
import type { Log } from '#platform/log.ts';
import type { Bus } from './bus.ts';
import type { Channels } from './channels.ts';

type Waiting = { name: RequestName; resolve: (reply: unknown) => void; reject: (error: unknown) => void };

const questionSchema = z.object({ id: z.string(), replyTo: z.string(), body: z.unknown() });

const answerSchema = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), id: z.string(), reply: z.unknown() }),
  z.object({
    ok: z.literal(false),
    id: z.string(),
    code: z.enum(Object.keys(errorTable) as ErrorCode[]),
    detail: z.string(),
  }),
]);
type Answer = z.infer<typeof answerSchema>;

const askChannel = (name: RequestName) => `ask:${name}`;
const replyChannel = (process: string) => `reply:${process}`;

function unavailable(): AppError {
  return new AppError('unavailable', 'The part of the service that knows this did not answer; try again.');
}

/**
 * Questions over channels: each goes to the channel of its name with an id and the asker's reply channel. The first
 * answer counts, later ones find nobody waiting.
 */
export function createRequests(deps: {
  channels: Channels;
  log: Log;
}): Pick<Bus, 'request' | 'respond'> & { close(): void } {
  const { channels, log } = deps;
  const waiting = new Map<string, Waiting>();
  let closed = false;

  function settle(body: unknown): void {
    const answer = answerSchema.safeParse(body);
    const asker = answer.success ? waiting.get(answer.data.id) : undefined;
    if (!answer.success || asker === undefined) return;
    if (!answer.data.ok) {
      asker.reject(new AppError(answer.data.code, answer.data.detail));
      return;
    }
    const reply = requests[asker.name].reply.safeParse(answer.data.reply);
    if (reply.success) asker.resolve(reply.data);
    else log.warn({ request: asker.name }, 'dropped an answer of the wrong shape');
  }

  async function ask<R extends RequestName>(
    name: R,
    id: string,
    work: () => Promise<ReplyBody<R> | undefined>,
  ): Promise<Answer | undefined> {
    try {
      const reply = await work();
      return reply === undefined ? undefined : { ok: true, id, reply };
    } catch (error) {
      if (error instanceof AppError) return { ok: false, id, code: error.code, detail: error.detail };
      log.error({ request: name, error }, 'a bus responder failed');
      return { ok: false, id, code: 'internal-error', detail: errorTable['internal-error'].title };
    }
  }

  // Without the link, responders of this process still answer.
  const listening = channels.on(replyChannel(channels.self), settle).catch(() => undefined);

  return {
    async request(name, body, options = {}) {
      if (closed) throw unavailable();
      const id = randomUUID();
      const { promise, resolve, reject } = Promise.withResolvers<unknown>();
      const timer = setTimeout(() => reject(unavailable()), options.timeoutMs ?? 5_000);
      waiting.set(id, { name, resolve, reject });
      try {
        await Promise.race([listening, promise]);
        channels
          .post(askChannel(name), { id, replyTo: channels.self, body })
          .catch((error: unknown) => log.debug({ request: name, error }, 'a question reached only this process'));
        return (await promise) as ReplyBody<typeof name>;
      } finally {
        clearTimeout(timer);
        waiting.delete(id);
      }
    },

    respond(name, handler) {
      return channels.on(askChannel(name), async (body) => {
        const question = questionSchema.safeParse(body);
        const asked = requests[name].request.safeParse(question.data?.body);
        if (!question.success || !asked.success) {
          log.warn({ request: name }, 'dropped a question of the wrong shape');
          return;
        }
        const { id, replyTo } = question.data;
        const answer = await ask(name, id, () => handler(asked.data as RequestBody<typeof name>));
        if (answer === undefined) return;
        await channels
          .post(replyChannel(replyTo), answer, { to: replyTo })
          .catch((error: unknown) => log.debug({ request: name, error }, 'an answer did not reach the asker'));
      });
    },

    close() {
      closed = true;
      for (const { reject } of waiting.values()) reject(unavailable());
    },
  };
}
