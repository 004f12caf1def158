import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as Y from 'yjs';
import { AppError } from '#contract/errors.ts';
import { parseDocumentName } from '#contract/document-name.ts';
import { systemClock } from '#platform/clock.ts';
import { readFiles } from '../../collab/files.ts';
import { compact } from '../../collab/log/compact.ts';
import { readDocument } from '../../collab/log/document-log.ts';
import { remakeDocument } from '../../collab/log/remake.ts';
import { createSnapshotBuilder } from '../../collab/log/snapshot-builder.ts';
import { converged, destroyClients, yWebsocketClient } from '../support/clients.ts';
import { startTestCollab, type TestCollab } from '../support/collab.ts';
import { databaseEngines } from '../support/databases.ts';
import { waitFor } from '../support/wait-for.ts';
import { openTestLog, typist, words } from './log-support.ts';

const main = (text: string) => ({ id: 'main', path: 'main.py', language: 'python', text });
const knownClients = (doc: Y.Doc) => [...Y.decodeStateVector(Y.encodeStateVector(doc)).keys()];
const refusal = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: unknown) => (error instanceof AppError ? error.code : String(error)),
  );

/** A client with text that the server has stored, and away while its server forgets the rows it had. */
async function lessonLeft(lectern: TestCollab) {
  const teacher = await lectern.user('Kim');
  const classroom = await lectern.classroom(teacher.id, 'free');
  const token = lectern.token(teacher, classroom.id);
  const client = yWebsocketClient(lectern.wsUrl, classroom.main, token);
  await client.synced();
  client.text.insert(0, 'stored ');
  const stored = () =>
    lectern.db.selectFrom('document_updates').select('id').where('user_id', '=', teacher.id).execute();
  await waitFor(async () => (await stored()).length === 1);
  const { epoch } = await readDocument(
    { db: lectern.db, clock: systemClock, newId: lectern.newId },
    parseDocumentName(classroom.main)!,
  );
  client.provider.disconnect();
  await lectern.restart();
  client.text.insert(client.text.length, 'and newer');
  return { classroom, token, client, epoch, stored };
}

for (const engine of databaseEngines) {
  describe(`epochs on ${engine.name}`, { skip: engine.skip }, () => {
    test('[LOG14] new documents start at epochs of their own, and all who open one at once get the same', async (t) => {
      const log = await openTestLog(t, engine);
      const epochs = new Set<number>();
      for (let user = 0; user < 10; user += 1) {
        const opened = await Promise.all([1, 2, 3].map(() => log.document(`user${user}`)));
        const [{ epoch, name }] = opened as [(typeof opened)[0]];
        assert.deepEqual(
          opened.map((each) => each.epoch),
          [epoch, epoch, epoch],
        );
        assert.ok(epoch >= 1 && epoch <= 65_535);
        assert.deepEqual(knownClients(await log.load(name)), [epoch]);
        epochs.add(epoch);
      }
      assert.ok(epochs.size > 5, 'hardly any two are the same');
    });

    test('[LOG14] a document that is remade has the given files, a new epoch, and its history stays', async (t) => {
      const log = await openTestLog(t, engine);
      const document = await log.document();
      const builder = createSnapshotBuilder();
      t.after(() => builder.close());
      const hand = typist();
      hand.type(...words(20));
      await log.store(log.records(document, hand.updates.splice(0)));
      await compact({ ...log.deps, builder }, document.key);
      hand.type('old');
      const [late, later] = log.records(document, [...hand.updates, ...hand.updates]);
      await log.store([late!]);
      const before = await log.state(document.key);

      const files = [{ id: 'f2', path: 'a.py', language: 'python', text: 'x'.repeat(1_500_000) }, main('print(1)\n')];
      const { epoch } = await remakeDocument(log.deps, document.name, files, 'u');
      assert.notEqual(epoch, document.epoch);
      const check = async () => {
        const opened = await log.load(document.name);
        assert.deepEqual(readFiles(opened), [files[1], files[0]]);
        assert.deepEqual(knownClients(opened), [epoch]);
      };
      await check();
      // What was on its way for the old epoch changes nothing, nor does a compaction of the new one.
      await log.store([later!]);
      await check();
      await compact({ ...log.deps, builder }, document.key);
      await check();
      const after = await log.state(document.key);
      assert.deepEqual(after.rows, [late!.id, later!.id].toSorted());
      assert.deepEqual(after.generations, [before.snapshot, after.snapshot].toSorted());

      const again = await Promise.all(
        [1, 2, 3].map((n) => remakeDocument(log.deps, document.name, [main(`${n}`)], 'u')),
      );
      assert.equal(new Set([document.epoch, epoch, ...again.map((each) => each.epoch)]).size, 5);
      assert.match(await log.text(document.name), /^[123]$/);
    });

    test('[LOG14] a document is remade before anybody has opened it, and not without its main file or its classroom', async (t) => {
      const log = await openTestLog(t, engine);
      const name = { classroomId: 'c', kind: 'main' } as const;
      const { epoch } = await remakeDocument(log.deps, name, [main('new')], 'u');
      assert.equal((await readDocument(log.deps, name)).epoch, epoch);
      assert.equal(await log.text(name), 'new');
      assert.equal(await refusal(remakeDocument(log.deps, name, [], 'u')), 'file-required');
      const twice = [main(''), { ...main(''), id: 'f2' }];
      assert.equal(await refusal(remakeDocument(log.deps, name, twice, 'u')), 'path-taken');
      const elsewhere = { classroomId: 'gone', kind: 'main' } as const;
      assert.equal(await refusal(remakeDocument(log.deps, elsewhere, [main('')], 'u')), 'not-found');
    });

    test('[LOG15] D15: rows are lost while a client with newer state is away: it brings them back, once', async (t) => {
      const lectern = await startTestCollab({ engine });
      t.after(() => lectern.close());
      t.after(destroyClients);
      const { classroom, token, client, epoch, stored } = await lessonLeft(lectern);
      await lectern.db.deleteFrom('document_updates').where('document', '=', classroom.main).execute();
      // Somebody opens what is left before the client returns, and writes into it.
      const other = yWebsocketClient(lectern.wsUrl, classroom.main, token);
      await other.synced();
      assert.equal(other.text.toJSON(), '');
      other.text.insert(0, 'meanwhile ');
      client.provider.connect();
      const text = await converged([client, other], (now) => now.includes('meanwhile') && now.includes('newer'));
      for (const word of ['meanwhile ', 'stored ', 'and newer']) assert.equal(text.split(word).length, 2, word);
      assert.deepEqual([...client.closes, ...other.closes], []);
      const { epoch: same, files } = await lectern.bus.request('document.read', { name: classroom.main });
      assert.deepEqual(
        [same, files.map(({ id, path, text: inside }) => [id, path, inside])],
        [epoch, [['main', 'main.py', text]]],
      );
      await waitFor(async () => (await stored()).length >= 2);
      await lectern.restart();
      const late = yWebsocketClient(lectern.wsUrl, classroom.main, token);
      await late.synced();
      assert.equal(late.text.toJSON(), text);
    });

    test('[LOG15] D15: a document is lost altogether: a client of before is turned away and doubles nothing', async (t) => {
      const lectern = await startTestCollab({ engine });
      t.after(() => lectern.close());
      t.after(destroyClients);
      const { classroom, token, client, epoch } = await lessonLeft(lectern);
      await lectern.db.deleteFrom('document_updates').where('document', '=', classroom.main).execute();
      await lectern.db.deleteFrom('documents').where('name', '=', classroom.main).execute();
      const other = yWebsocketClient(lectern.wsUrl, classroom.main, token);
      await other.synced();
      const { epoch: drawn } = await lectern.bus.request('document.read', { name: classroom.main });
      assert.notEqual(drawn, epoch);
      other.text.insert(0, 'stored ');
      client.provider.connect();
      await waitFor(() => client.closes.length > 0, { what: 'the old history to be turned away' });
      assert.equal(client.closes.at(-1), 4409);
      // Nothing was taken from it, and nothing of it was taken.
      assert.equal(client.text.toJSON(), 'stored and newer');
      const { files } = await lectern.bus.request('document.read', { name: classroom.main });
      assert.equal(files[0]!.text, 'stored ');
    });
  });
}
