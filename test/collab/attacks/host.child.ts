import { monitorEventLoopDelay } from 'node:perf_hooks';
import { databaseEngines } from '../../support/databases.ts';
import { startTestCollab } from '../../support/collab.ts';
import { countReads } from './count-reads.ts';
import type { HostAnswer, HostOptions, HostQuestion, HostReady, HostRoom } from './host.ts';

/*
 * The collab role in a process of its own, so that what a class of clients costs the test is not taken for what it costs
 * the server. It says what there is, then answers questions about itself.
 */

const options = JSON.parse(process.argv[2]!) as HostOptions;
const reads = countReads(databaseEngines[0]!);
const lectern = await startTestCollab({ engine: reads.engine });

async function room({ people, role = 'student', mode = 'free' }: HostOptions['rooms'][number]): Promise<HostRoom> {
  const teacher = await lectern.user('Teacher');
  const classroom = await lectern.classroom(teacher.id, mode);
  const members: HostRoom['members'] = [];
  for (let index = 0; index < people; index += 1) {
    const user = await lectern.user(`Person ${index}`);
    await lectern.member(classroom.id, user.id, role);
    const token = lectern.token(user, classroom.id);
    members.push({ token, workspace: classroom.workspace(user.id), userId: user.id });
  }
  return { main: classroom.main, teacher: lectern.token(teacher, classroom.id), members };
}

const rooms: HostRoom[] = [];
for (const each of options.rooms) rooms.push(await room(each));
const lag = monitorEventLoopDelay({ resolution: 5 });
lag.enable();

let cpu = process.cpuUsage();

async function answer(question: HostQuestion): Promise<HostAnswer> {
  if (question.ask === 'restart') await lectern.restart();
  if (question.ask === 'close') {
    await lectern.close();
    process.disconnect();
  }
  const used = process.cpuUsage(cpu);
  const said = {
    cpuMs: Math.round((used.user + used.system) / 1000),
    rssMegabytes: Math.round(process.memoryUsage.rss() / 1024 ** 2),
    lagMaxMs: Math.round(lag.max / 1e6),
    lagP99Ms: Math.round(lag.percentile(99) / 1e6),
    queries: reads.queries(),
    reads: reads.ofDocuments(),
  };
  cpu = process.cpuUsage();
  lag.reset();
  reads.reset();
  return said;
}

process.on('message', (question: HostQuestion) => {
  void answer(question).then((said) => {
    if (process.connected) process.send!({ id: question.id, said });
  });
});
// The test has gone.
process.on('disconnect', () => process.exit());
process.send!({ ready: { wsUrl: lectern.wsUrl, rooms } satisfies HostReady });
