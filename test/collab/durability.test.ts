import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import * as Y from 'yjs';
import { openJournal } from '../../collab/journal/journal.ts';
import { converged, hocuspocusClient, yWebsocketClient } from '../support/clients.ts';
import { startTestCollab } from '../support/collab.ts';
import { databaseEngines, testLog } from '../support/databases.ts';
import { waitFor } from '../support/wait-for.ts';

test('[LOG2] the database takes no writes: the class goes on, and everything is stored when it does again', async (t) => {
  const lectern = await startTestCollab();
  t.after(() => lectern.close());
  const teacher = await lectern.user('Kim');
  const classroom = await lectern.classroom(teacher.id, 'free');
  const token = lectern.token(teacher, classroom.id);
  const a = yWebsocketClient(lectern.wsUrl, classroom.main, token);
  const b = hocuspocusClient(lectern.wsUrl, classroom.main, token);
  await Promise.all([a.synced(), b.synced()]);
  await waitFor(() => !b.provider.hasUnsyncedChanges);

  // Another process holds the write lock of the database.
  const blocker = new DatabaseSync(lectern.databaseFile!);
  blocker.exec('begin immediate');
  for (let index = 0; index < 50; index += 1) {
    a.text.insert(a.text.length, `a${index} `);
    b.text.insert(b.text.length, `b${index} `);
  }
  await converged([a, b], (text) => text.includes('a49') && text.includes('b49'));
  const log = () => [...a.awareness.getStates().values()].find((state) => state.kind === 'server')!.log;
  await waitFor(() => log() === 'buffering', { what: 'the server to say that it is buffering' });
  assert.equal(b.provider.hasUnsyncedChanges, true);
  blocker.exec('rollback');
  blocker.close();

  await waitFor(() => log() === 'ok' && !b.provider.hasUnsyncedChanges, {
    withinMs: 15_000,
    what: 'everything to be stored',
  });
  const rows = await lectern.db
    .selectFrom('document_updates')
    .select(['id', 'data'])
    .where('user_id', '=', teacher.id)
    .orderBy('id')
    .execute();
  assert.equal(rows.length, 100);
  // A Hocuspocus client that is destroyed between two attempts goes on trying for ever.
  b.destroy();
  await lectern.restart();
  const late = yWebsocketClient(lectern.wsUrl, classroom.main, token);
  await late.synced();
  assert.equal(late.text.toJSON(), a.text.toJSON());
});

for (const engine of databaseEngines) {
  test(
    `[LOG1] the journal of a process that died is stored at the next start on ${engine.name}`,
    { skip: engine.skip },
    async (t) => {
      const lectern = await startTestCollab({ engine });
      t.after(() => lectern.close());
      const teacher = await lectern.user('Kim');
      const classroom = await lectern.classroom(teacher.id, 'free');
      const token = lectern.token(teacher, classroom.id);
      const first = yWebsocketClient(lectern.wsUrl, classroom.main, token);
      await first.synced();
      const { epoch } = await lectern.bus.request('document.read', { name: classroom.main });
      first.destroy();
      await lectern.collab.close();

      // What a process leaves behind that was killed between the journal and the database.
      const journal = await openJournal({ directory: `${lectern.dataDir}/journal`, log: testLog });
      const doc = new Y.Doc();
      let committed = 0;
      doc.on('update', (update: Uint8Array) => {
        const record = {
          id: lectern.newId(),
          document: classroom.main,
          epoch,
          userId: teacher.id,
          at: Date.now(),
          update,
        };
        journal.append(record, () => void (committed += 1));
      });
      for (const word of ['never ', 'lost']) doc.getText('f:main').insert(doc.getText('f:main').length, word);
      await waitFor(() => committed === 2);
      await journal.close();

      await lectern.restart();
      const second = yWebsocketClient(lectern.wsUrl, classroom.main, token);
      await second.synced();
      assert.equal(second.text.toJSON(), 'never lost');
      const stored = () =>
        lectern.db.selectFrom('document_updates').select('id').where('user_id', '=', teacher.id).execute();
      await waitFor(async () => (await stored()).length === 2);
      await lectern.restart();
      assert.equal((await stored()).length, 2);
    },
  );
}
