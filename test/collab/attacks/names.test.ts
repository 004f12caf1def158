import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { destroyClients } from '../../support/clients.ts';
import { startTestCollab, type TestCollab } from '../../support/collab.ts';
import { databaseEngines } from '../../support/databases.ts';
import { waitFor } from '../../support/wait-for.ts';
import { countReads } from './count-reads.ts';
import { echoTimes, staysWithin } from './echo.ts';
import { addressed, authToken } from './frames.ts';
import { startHost } from './host.ts';
import { attackLesson } from './lesson.ts';
import { dropRawSockets, joinRaw, openRaw, pour, rawUrl } from './raw-socket.ts';

let lectern: TestCollab;
const counted = countReads(databaseEngines[0]!);
before(async () => {
  lectern = await startTestCollab({ engine: counted.engine });
});
afterEach(() => {
  dropRawSockets();
  destroyClients();
});
after(async () => {
  await lectern.close();
});

/** Names outside of the grammar; `id` is a classroom that is there. */
const wrongNames = (id: string): string[] => [
  '',
  '__proto__',
  'constructor',
  'toString',
  '../x',
  `../../c:${id}:main`,
  `c:${id}:main/../wall`,
  `C:${id}:main`,
  `c:${id}:Main`,
  `c:${id}`,
  `c:${id}:main:`,
  `c:${id}:main:x`,
  `c:${id}:s:`,
  `c:${id}:s:a b`,
  `c:${id}:s:../x`,
  ` c:${id}:main`,
  `c:${id}:main `,
  `c:${id}:main\n`,
  `c:${id}:ma\u0000in`,
  `c:${id}:main%2e`,
  `c:${id}:m\u0430in`,
  `c:${id}:s:ﬁ`,
  `c:e\u0301:main`,
  `c:${'x'.repeat(65)}:main`,
  `c:${id}:s:${'x'.repeat(10_240)}`,
  'x'.repeat(10_240),
  '가'.repeat(1_000),
];

test('[SAFE11] M9: a name outside of the grammar is 4404, nothing is asked of the database, and nothing is kept', async () => {
  const lesson = await attackLesson(lectern);
  const token = lesson.token(lesson.teacher);
  const documents = () => lectern.db.selectFrom('documents').select('name').execute();
  const earlier = await documents();
  counted.reset();
  for (const name of wrongNames(lesson.id)) {
    const socket = await openRaw(rawUrl(lectern.wsUrl, name, token));
    assert.equal(await socket.closing(), 4404, JSON.stringify(name.slice(0, 80)));
    // On this endpoint NUL separates the name from a session's id, so there it is part of no name.
    if (name.includes('\0')) continue;
    const other = await openRaw(`${lectern.wsUrl}/hocuspocus`, { hocuspocus: { name, token } });
    other.send(authToken(token));
    const refusal = await waitFor(() => other.heard.find((said) => said.type === 'refused') ?? other.closed, {
      what: `${name.slice(0, 80)} to be refused`,
    });
    assert.ok(typeof refusal === 'object' && refusal.type === 'refused', JSON.stringify(refusal));
    assert.equal(refusal.reason, '4404', name);
    other.ws.terminate();
  }
  assert.equal(counted.queries(), 0);
  assert.deepEqual(await documents(), earlier);
  await lectern.db.selectFrom('documents').select('name').execute();
});

test('[SAFE12] M10, A11: what is absent and what is forbidden look alike', async () => {
  const lesson = await attackLesson(lectern);
  const other = await attackLesson(lectern);
  // The workspace of somebody else is there, with content.
  await joinRaw(lectern.wsUrl, lesson.workspace(lesson.honest.id), lesson.token(lesson.honest));
  const token = lesson.token(lesson.student);
  const absentId = 'x'.repeat(lesson.id.length);
  const pairs: [string, string][] = [
    [lesson.workspace(lesson.honest.id), lesson.workspace(absentId)],
    [other.main, `c:${absentId}:main`],
    [other.workspace(lesson.student.id), `c:${absentId}:s:${lesson.student.id}`],
  ];
  for (const pair of pairs) {
    const answers: unknown[] = [];
    for (const name of pair) {
      const socket = await openRaw(rawUrl(lectern.wsUrl, name, token));
      const code = await socket.closing();
      const hocuspocus = await openRaw(`${lectern.wsUrl}/hocuspocus`, { hocuspocus: { name, token } });
      hocuspocus.send(authToken(token));
      const refusal = await waitFor(() => hocuspocus.heard.find((said) => said.type === 'refused'));
      answers.push({ code, heard: socket.heard, reason: refusal.type === 'refused' && refusal.reason });
      assert.equal(hocuspocus.heard.length, 1);
    }
    assert.deepEqual(answers[0], { code: 4403, heard: [], reason: '4403' });
    assert.deepEqual(answers[0], answers[1]);
  }
});

test('[SAFE13] M10: one token cannot open thousands of documents on a socket', async (t) => {
  const host = await startHost({ rooms: [{ people: 2 }, { people: 1 }] });
  t.after(() => host.close());
  const [attacked, other] = host.rooms as [(typeof host.rooms)[0], (typeof host.rooms)[0]];
  const writing = await joinRaw(host.wsUrl, other.main, other.teacher);
  const reading = await joinRaw(host.wsUrl, other.main, other.members[0]!.token);
  await echoTimes(writing, reading, { count: 20, everyMs: 10 });
  const quiet = await echoTimes(writing, reading, { count: 40, everyMs: 15 });
  const { token } = attacked.members[0]!;
  const classroom = attacked.main.replace(/:main$/, '');
  const opens = (name: (index: number) => string) =>
    Array.from({ length: 5_000 }, (_, index) => addressed(name(index), authToken(token)));
  // Absent, forbidden, and the very same one under many session ids.
  const floods = [
    opens((index) => `${classroom}:s:nobody${index}`),
    opens((index) => `c:nowhere${index}:main`),
    opens((index) => `${attacked.main}\0session${index}`),
  ];
  await host.stats();
  const flood = async () => {
    for (const frames of floods) {
      const socket = await openRaw(`${host.wsUrl}/hocuspocus`);
      await pour(socket, frames);
      assert.ok([1008, 1013, 4205].includes(await socket.closing(30_000)), `${socket.closed}`);
    }
  };
  const [meanwhile] = await Promise.all([echoTimes(writing, reading, { count: 80, everyMs: 15 }), flood()]);
  const { queries, reads, rssMegabytes } = await host.stats();
  t.diagnostic(JSON.stringify({ quiet, meanwhile, queries, reads, rssMegabytes }));
  assert.ok(queries < 3_000, `${queries} queries`);
  assert.ok(staysWithin(meanwhile, quiet, 1.5), JSON.stringify({ quiet, meanwhile }));
});
