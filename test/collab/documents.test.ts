import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from 'kysely';
import * as Y from 'yjs';
import type { FileEdit } from '#contract/bus.ts';
import { parseDocumentName } from '#contract/document-name.ts';
import { AppError } from '#contract/errors.ts';
import { systemClock } from '#platform/clock.ts';
import { readDocument, insertUpdates } from '../../collab/log/document-log.ts';
import { converged, destroyClients, yWebsocketClient, type StockClient } from '../support/clients.ts';
import { startTestCollab } from '../support/collab.ts';
import { databaseEngines } from '../support/databases.ts';
import { waitFor } from '../support/wait-for.ts';

for (const engine of databaseEngines) {
  test(`documents on ${engine.name}`, { skip: engine.skip }, async (t) => {
    const lectern = await startTestCollab({ engine });
    t.afterEach(destroyClients);
    t.after(() => lectern.close());

    async function lesson() {
      const teacher = await lectern.user('Kim');
      const classroom = await lectern.classroom(teacher.id, 'free');
      return { teacher, classroom, token: lectern.token(teacher, classroom.id) };
    }

    function serverState(client: StockClient) {
      return [...client.awareness.getStates().values()].find((state) => state.kind === 'server');
    }

    await t.test('[DOC1] a new document has one empty main file of the epoch, however many open it', async () => {
      const { classroom } = await lesson();
      const name = parseDocumentName(classroom.main)!;
      const deps = { db: lectern.db, clock: systemClock, newId: lectern.newId };
      const opened = await Promise.all(Array.from({ length: 5 }, () => readDocument(deps, name)));
      const stored = await readDocument(deps, name);
      assert.ok(opened.every(({ epoch }) => epoch === stored.epoch));
      assert.equal(stored.updates.length, 1);
      const doc = new Y.Doc();
      Y.applyUpdate(doc, stored.updates[0]!);
      assert.deepEqual(doc.getMap('files').toJSON(), { main: { path: 'main.py', language: 'python' } });
      assert.deepEqual([...Y.decodeStateVector(Y.encodeStateVector(doc)).keys()], [stored.epoch]);
    });

    await t.test('[DOC3] the list of files is put back when a client changes it', async () => {
      const { classroom, token } = await lesson();
      const a = yWebsocketClient(lectern.wsUrl, classroom.main, token);
      const b = yWebsocketClient(lectern.wsUrl, classroom.main, token);
      await Promise.all([a.synced(), b.synced()]);
      const expected = { main: { path: 'main.py', language: 'python' } };
      a.doc.getMap('files').set('evil', { path: '../../etc/passwd', language: 'python' });
      a.doc.getMap('files').set('main', { path: 'other.py', language: 'java' });
      // The one who changed it sees it put back; the others may never have seen the change.
      await waitFor(() => [a, b].every(({ doc }) => JSON.stringify(doc.getMap('files')) === JSON.stringify(expected)));
      a.doc.getMap('files').delete('main');
      await waitFor(() => [a, b].every(({ doc }) => JSON.stringify(doc.getMap('files')) === JSON.stringify(expected)));
    });

    await t.test('[DOC4] a document that cannot be loaded is refused with 4500, and opens when it can', async () => {
      const { teacher, classroom, token } = await lesson();
      const first = yWebsocketClient(lectern.wsUrl, classroom.main, token);
      await first.synced();
      first.text.insert(0, 'precious');
      await waitFor(
        async () =>
          (await lectern.db.selectFrom('document_updates').select('id').where('user_id', '=', teacher.id).execute())
            .length === 1,
      );
      first.destroy();
      await lectern.restart();
      await sql`alter table documents rename to documents_away`.execute(lectern.db);
      const second = yWebsocketClient(lectern.wsUrl, classroom.main, token);
      await waitFor(() => second.closes.length > 1, { what: 'the client to try again' });
      assert.ok(second.closes.every((code) => code === 4500));
      assert.equal(second.text.length, 0);
      await sql`alter table documents_away rename to documents`.execute(lectern.db);
      await second.synced();
      assert.equal(second.text.toJSON(), 'precious');
    });

    await t.test('[DOC5] the server reads what was just typed, and its edits are like any other', async () => {
      const { teacher, classroom, token } = await lesson();
      const a = yWebsocketClient(lectern.wsUrl, classroom.main, token);
      await a.synced();
      a.text.insert(0, 'x = 1');
      await waitFor(async () => {
        const { files } = await lectern.bus.request('document.read', { name: classroom.main });
        return files[0]!.text === 'x = 1';
      });
      const body = { name: classroom.main, userId: teacher.id };
      const created = { type: 'create', fileId: 'f2', path: 'util.py', language: 'python', text: 'y = 2' } as const;
      const { files } = await lectern.bus.request('document.edit-files', { ...body, edit: created });
      assert.deepEqual(
        files.map(({ id, path, text }) => ({ id, path, text })),
        [
          { id: 'main', path: 'main.py', text: 'x = 1' },
          { id: 'f2', path: 'util.py', text: 'y = 2' },
        ],
      );
      await waitFor(() => a.doc.getMap('files').has('f2') && a.doc.getText('f:f2').toJSON() === 'y = 2');
      const refused = (edit: FileEdit, code: string) =>
        assert.rejects(
          lectern.bus.request('document.edit-files', { ...body, edit }),
          (error) => error instanceof AppError && error.code === code,
        );
      await refused({ ...created, fileId: 'f3' }, 'path-taken');
      await refused({ type: 'delete', fileId: 'main' }, 'file-required');
      await lectern.bus.request('document.edit-files', { ...body, edit: { type: 'delete', fileId: 'f2' } });
      await waitFor(() => !a.doc.getMap('files').has('f2') && a.doc.getText('f:f2').length === 0);
    });

    await t.test('[DOC6] the last run is there for whoever comes later, and older news do not replace it', async () => {
      const { teacher, classroom, token } = await lesson();
      const run = (seq: number, status: 'running' | 'ok') => ({
        classroomId: classroom.id,
        document: classroom.main,
        run: {
          seq,
          runId: `run-${seq}`,
          status,
          language: 'python',
          by: { id: teacher.id, name: 'Kim' },
          exitCode: 0,
          tail: '42\n',
          startedAt: 1,
          finishedAt: 2,
        },
      });
      const a = yWebsocketClient(lectern.wsUrl, classroom.main, token);
      await a.synced();
      await lectern.bus.publish('run.updated', run(2, 'running'));
      await lectern.bus.publish('run.updated', run(1, 'ok'));
      await lectern.bus.publish('run.updated', run(2, 'ok'));
      await lectern.bus.publish('run.updated', run(2, 'running'));
      await waitFor(() => (serverState(a)?.run as { status: string } | undefined)?.status === 'ok');
      assert.equal((serverState(a)!.run as { seq: number }).seq, 2);

      const columns = {
        args: '[]',
        stdin_mode: 'text',
        stdin_text: null,
        code_hash: '',
        stage: 'run',
        signal: null,
        stderr: '',
      };
      const times = { deadline: 0, created_at: 0, started_at: 1, finished_at: 2, cancel_requested_at: null };
      await lectern.db
        .insertInto('runs')
        .values({
          id: lectern.newId(),
          seq: 3,
          classroom_id: classroom.id,
          document: classroom.main,
          user_id: teacher.id,
          language: 'python',
          files: '[]',
          entry: 'main.py',
          status: 'ok',
          exit_code: 0,
          stdout: '42\n',
          compile: null,
          wall_ms: 1,
          cpu_ms: 1,
          memory_bytes: 1,
          truncated: 0,
          isolation: 'wasm',
          ...columns,
          ...times,
        })
        .execute();
      await lectern.restart();
      const late = yWebsocketClient(lectern.wsUrl, classroom.main, token);
      await waitFor(() => serverState(late)?.run !== undefined);
      const { seq, tail, by } = serverState(late)!.run as { seq: number; tail: string; by: { name: string } };
      assert.deepEqual({ seq, tail, name: by.name }, { seq: 3, tail: '42\n', name: 'Kim' });
    });

    await t.test('[LOG4] an update of 3 MB is stored in parts and comes back whole', async () => {
      const { teacher, classroom } = await lesson();
      const name = parseDocumentName(classroom.main)!;
      const deps = { db: lectern.db, clock: systemClock, newId: lectern.newId };
      const { epoch } = await readDocument(deps, name);
      const doc = new Y.Doc();
      doc.getText('f:main').insert(0, 'x'.repeat(3 * 1024 * 1024));
      const record = {
        id: lectern.newId(),
        document: classroom.main,
        epoch,
        userId: teacher.id,
        at: 0,
        update: Y.encodeStateAsUpdate(doc),
      };
      await insertUpdates(lectern.db, [record]);
      await insertUpdates(lectern.db, [record]);
      const rows = await lectern.db.selectFrom('document_updates').select('data').where('id', '=', record.id).execute();
      assert.equal(rows.length, 4);
      assert.ok(rows.every(({ data }) => data.length <= 1024 * 1024));
      const client = yWebsocketClient(lectern.wsUrl, classroom.main, lectern.token(teacher, classroom.id));
      await client.synced();
      await converged([client], (text) => text.length === 3 * 1024 * 1024);
    });
  });
}
