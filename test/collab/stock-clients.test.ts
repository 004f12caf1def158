import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startTestCollab, type TestCollab } from '../support/collab.ts';
import { converged, hocuspocusClient, yWebsocketClient, type StockClient } from '../support/clients.ts';
import { waitFor } from '../support/wait-for.ts';

let lectern: TestCollab;
let clients: StockClient[] = [];
before(async () => {
  lectern = await startTestCollab();
});
after(async () => {
  await lectern.close();
});

function keep<T extends StockClient>(client: T): T {
  clients.push(client);
  return client;
}

test.afterEach(() => {
  for (const client of clients) client.destroy();
  clients = [];
});

async function lesson(mode: 'lecture' | 'practice' | 'free' = 'free') {
  const teacher = await lectern.user('Kim');
  const student = await lectern.user('Lee');
  const classroom = await lectern.classroom(teacher.id, mode);
  await lectern.member(classroom.id, student.id, 'student');
  const token = (user: { id: string; sessionId: string }) => lectern.token(user, classroom.id);
  return { teacher, student, classroom, token };
}

function states(client: StockClient) {
  return [...client.awareness.getStates().values()];
}

test('[GATE1] two y-websocket clients and a Hocuspocus client converge on text and awareness', async () => {
  const { teacher, student, classroom, token } = await lesson();
  const a = keep(yWebsocketClient(lectern.wsUrl, classroom.main, token(teacher)));
  const b = keep(yWebsocketClient(lectern.wsUrl, classroom.main, token(student)));
  const c = keep(hocuspocusClient(lectern.wsUrl, classroom.main, token(student)));
  await Promise.all([a.synced(), b.synced(), c.synced()]);
  a.text.insert(0, 'print("안녕")\n');
  await converged([a, b, c], (text) => text.includes('안녕'));
  b.text.insert(0, '# 👩🏽‍💻\n');
  c.text.insert(c.text.length, '# end');
  const text = await converged([a, b, c], (current) => current.includes('👩🏽‍💻') && current.includes('# end'));
  assert.equal(text, '# 👩🏽‍💻\nprint("안녕")\n# end');

  a.awareness.setLocalState({ cursor: 1, user: { name: 'Somebody else' } });
  c.awareness.setLocalState({ cursor: 3 });
  await waitFor(() =>
    [a, b, c].every((client) => client.awareness.getStates().get(a.awareness.clientID)?.cursor === 1),
  );
  await waitFor(() =>
    [a, b, c].every((client) => client.awareness.getStates().get(c.awareness.clientID)?.cursor === 3),
  );
  const seen = b.awareness.getStates().get(a.awareness.clientID)!.user as Record<string, unknown>;
  assert.equal(seen.name, 'Kim');
  assert.equal(seen.role, 'owner');
  for (const client of [a, b, c]) {
    const server = states(client).filter((state) => state.kind === 'server');
    assert.equal(server.length, 1);
    assert.deepEqual({ ...server[0] }, { kind: 'server', epoch: 1, mode: 'free', log: 'ok' });
  }
});
