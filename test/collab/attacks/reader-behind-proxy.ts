import type { TestContext } from 'node:test';
import { yWebsocketClient } from '../../support/clients.ts';
import type { TestCollab } from '../../support/collab.ts';
import { openTcpProxy } from '../../support/tcp-proxy.ts';
import type { AttackLesson } from './lesson.ts';

/** The lesson's student on a stock client whose network can be cut. */
export async function readerBehindProxy(t: TestContext, lectern: TestCollab, lesson: AttackLesson) {
  const proxy = await openTcpProxy({ host: '127.0.0.1', port: Number(new URL(lectern.wsUrl).port) });
  t.after(() => proxy.close());
  const wsUrl = `ws://127.0.0.1:${proxy.port}`;
  const reader = yWebsocketClient(wsUrl, lesson.main, lesson.token(lesson.student));
  await reader.synced();
  return { proxy, reader };
}
