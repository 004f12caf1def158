// Runs endless programs of both engines and writes the ids of their processes, one line of JSON. To be killed.
import { childProcesses, openPrograms } from './programs.ts';

const { run } = openPrograms();
const running = [
  ['python', 'while True:\n    pass\n'],
  ['javascript', 'while (true);'],
  ['javascript', 'setInterval(() => {}, 60_000)'],
].map(([language, source]) => {
  const begun = Promise.withResolvers<void>();
  void run(language!, source!, { onProgress: () => begun.resolve() });
  return begun.promise;
});
await Promise.all(running);
process.stdout.write(`${JSON.stringify(childProcesses())}\n`);
