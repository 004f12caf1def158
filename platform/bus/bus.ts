import type { ReplyBody, RequestBody, RequestName, Topic, TopicMessage } from '#contract/bus.ts';

/**
 * How rooms and nodes talk: fire-and-forget topics and questions with one answer. Messages are checked against their
 * schema on arrival; one that does not fit is logged and dropped.
 */
export interface Bus {
  /**
   * Hands the message to every subscriber of every process; resolves when it is on its way. Never rejects: with nobody
   * listening nothing happens, and while the others cannot be reached the message stays within this process for good.
   */
  publish<T extends Topic>(topic: T, message: TopicMessage<T>): Promise<void>;
  /**
   * Handlers run in the order of publication (per publisher), the next when the last has settled; one that throws is
   * logged. Returns the unsubscribe.
   */
  subscribe<T extends Topic>(
    topic: T,
    handler: (message: TopicMessage<T>) => void | Promise<void>,
  ): Promise<() => Promise<void>>;
  /**
   * Asks all responders and resolves to the first answer. A responder that throws an AppError answers with it (rethrown
   * here by its code); AppError `unavailable` when nobody answers within `timeoutMs` (default 5000).
   */
  request<R extends RequestName>(
    name: R,
    body: RequestBody<R>,
    options?: { timeoutMs?: number },
  ): Promise<ReplyBody<R>>;
  /** Answers questions; resolving to undefined means "not mine" and says nothing. Returns the unsubscribe. */
  respond<R extends RequestName>(
    name: R,
    handler: (body: RequestBody<R>) => Promise<ReplyBody<R> | undefined>,
  ): Promise<() => Promise<void>>;
  /** True while messages can reach other processes. */
  healthy(): boolean;
  close(): Promise<void>;
}
